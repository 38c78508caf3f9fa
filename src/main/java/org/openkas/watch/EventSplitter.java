package org.openkas.watch;

import com.google.protobuf.ByteString;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.function.Predicate;

/**
 * Cuts the body of a watch into its JSON objects, whatever stands between them: clusters put a line feed there (chapter 07
 * §8.3). Keeps what came of an object that is not complete. Used by one thread.
 */
final class EventSplitter {
    /** Far above what a cluster stores of one object. */
    static final int LARGEST_EVENT = 4 << 20;

    private final Budget budget;
    private final ByteArrayOutputStream begun = new ByteArrayOutputStream(0);
    private int depth;
    private boolean inText;
    private boolean escaped;

    /** What came is no body of a watch, or too much for this server. */
    static final class UnusableBody extends Exception {
        private static final long serialVersionUID = 1L;

        UnusableBody(String message) {
            super(message, null, false, false);
        }
    }

    /** @param budget for bytes of objects that are not complete */
    EventSplitter(Budget budget) {
        this.budget = budget;
    }

    /** Takes what came next; {@code take} gets each complete object and says whether to go on. */
    void next(ByteString part, Predicate<byte[]> take) throws UnusableBody {
        byte[] bytes = part.toByteArray();
        int start = 0;
        for (int i = 0; i < bytes.length; i++) {
            byte character = bytes[i];
            if (depth == 0) {
                start = i;
                if (character == '{') {
                    depth = 1;
                } else if (!blank(character)) {
                    throw new UnusableBody("the cluster answered something that is no watch");
                }
            } else if (inText) {
                if (escaped) {
                    escaped = false;
                } else if (character == '\\') {
                    escaped = true;
                } else {
                    inText = character != '"';
                }
            } else if (character == '"') {
                inText = true;
            } else if (character == '{' || character == '[') {
                depth++;
            } else if (character == '}' || character == ']') {
                depth--;
                if (depth == 0) {
                    byte[] event = complete(bytes, start, i + 1);
                    start = i + 1;
                    if (!take.test(event)) {
                        return;
                    }
                }
            }
        }
        if (depth > 0) {
            keep(bytes, start);
        }
    }

    private byte[] complete(byte[] bytes, int from, int to) {
        if (begun.size() == 0) {
            return Arrays.copyOfRange(bytes, from, to);
        }
        budget.give(begun.size());
        begun.write(bytes, from, to - from);
        byte[] event = begun.toByteArray();
        begun.reset();
        return event;
    }

    private void keep(byte[] bytes, int from) throws UnusableBody {
        int length = bytes.length - from;
        if (begun.size() + length > LARGEST_EVENT || !budget.take(length)) {
            throw new UnusableBody("the cluster sent an object that is too large for a watch");
        }
        begun.write(bytes, from, length);
    }

    private static boolean blank(byte character) {
        return character == '\n' || character == '\r' || character == ' ' || character == '\t';
    }

    /** Another body begins; what is not complete is dropped. */
    void reset() {
        budget.give(begun.size());
        begun.reset();
        depth = 0;
        inText = false;
        escaped = false;
    }
}
