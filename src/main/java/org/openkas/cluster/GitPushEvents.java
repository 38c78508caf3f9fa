package org.openkas.cluster;

import org.openkas.proto.event.GitPushEvent;

/** Push events, told to every server (chapter 02 §7). Delivery is at most once. Thread-safe. */
public interface GitPushEvents {

    /**
     * Tells all servers, this one included. Returns when the event is on its way, not when it was handled.
     *
     * @throws PublishException if the event could not be sent
     */
    void publish(GitPushEvent event) throws PublishException;

    /** Calls {@code listener} for each event, one at a time, on a thread that may block only briefly. */
    Subscription subscribe(Listener listener);

    /** Takes events. */
    @FunctionalInterface
    interface Listener {
        /** Somebody pushed. */
        void pushed(GitPushEvent event);
    }

    /** A subscription that can be ended. */
    interface Subscription extends AutoCloseable {
        /** Ends it; no event is taken up after this returned. A call to the listener that has begun may still go on. */
        @Override
        void close();
    }

    /** The event could not be sent. */
    final class PublishException extends Exception {
        private static final long serialVersionUID = 1L;

        /** With the cause as the transport tells it. */
        public PublishException(String message, Throwable cause) {
            super(message, cause);
        }
    }
}
