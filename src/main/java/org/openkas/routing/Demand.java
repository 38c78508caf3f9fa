package org.openkas.routing;

import com.google.protobuf.ByteString;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How far a caller wants to read, and what its agent may send therefore: what the caller has asked for, a few messages at a
 * time, and one more, since only the next message tells whether the answer is over. At most that one waits here. The agent is
 * asked for half of the few at once, since asking may cost a change of threads.
 * Thread-safe.
 */
final class Demand {
    private static final int AT_ONCE = 8;

    private long wanted;
    private int underWay;
    private @Nullable ByteString waiting;

    /** The caller takes more messages; what waited, if it is that message's turn now. */
    synchronized Optional<ByteString> more(int count) {
        wanted += count;
        ByteString next = waiting;
        if (next == null || wanted == 0) {
            return Optional.empty();
        }
        waiting = null;
        wanted--;
        return Optional.of(next);
    }

    /** A message has come; false if it has to wait. */
    synchronized boolean take(ByteString message) {
        if (wanted > 0 && waiting == null) {
            wanted--;
            return true;
        }
        waiting = message;
        return false;
    }

    /** Something that was asked for has been dealt with; a message, when its caller has taken it. */
    synchronized void dealtWith() {
        underWay--;
    }

    /** How many messages to ask the agent for now; they are under way then. */
    synchronized int ask() {
        if (waiting != null) {
            return 0;
        }
        int count = (int) Math.max(1, Math.min(AT_ONCE, wanted)) - underWay;
        if (count <= 0 || (underWay > 0 && count < AT_ONCE / 2)) {
            return 0;
        }
        underWay += count;
        return count;
    }

    synchronized void discard() {
        waiting = null;
    }
}
