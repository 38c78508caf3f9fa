package org.openkas.common;

/** Text forms of the Go language that peers and operators see in statuses and answers. */
public final class GoText {
    private GoText() {
    }

    /** A text in double quotes, with the characters escaped that Go's {@code %q} escapes. */
    public static String quoted(String text) {
        StringBuilder out = new StringBuilder(text.length() + 2).append('"');
        text.codePoints().forEach(point -> {
            switch (point) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case 0x07 -> out.append("\\a");
                case '\b' -> out.append("\\b");
                case '\f' -> out.append("\\f");
                case 0x0b -> out.append("\\v");
                default -> {
                    if (printable(point)) {
                        out.appendCodePoint(point);
                    } else {
                        out.append(escape(point));
                    }
                }
            }
        });
        return out.append('"').toString();
    }

    private static String escape(int point) {
        if (point < 0x20 || point == 0x7f) {
            return String.format("\\x%02x", point);
        }
        return point < 0x10000 ? String.format("\\u%04x", point) : String.format("\\U%08x", point);
    }

    /** Letters, marks, numbers, punctuation and symbols; of all blanks only the usual one. */
    private static boolean printable(int point) {
        return point == ' ' || switch (Character.getType(point)) {
            case Character.CONTROL, Character.FORMAT, Character.SURROGATE, Character.PRIVATE_USE, Character.UNASSIGNED,
                    Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR, Character.SPACE_SEPARATOR ->
                false;
            default -> true;
        };
    }
}
