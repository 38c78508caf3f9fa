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
                default -> {
                    if (point < 0x20 || point == 0x7f) {
                        out.append(String.format("\\x%02x", point));
                    } else {
                        out.appendCodePoint(point);
                    }
                }
            }
        });
        return out.append('"').toString();
    }
}
