package org.openkas.websocket;

import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A WebSocket session that somebody else terminates, as {@link MessageChannel} needs it. Called on the channel's event
 * loop; implementations must not block it.
 */
public interface MessageCarrier {

    /**
     * Sends one binary message. At most one is under way.
     *
     * @param message a direct buffer, which stays untouched until {@code done} was called
     * @param done gets what went wrong, if something did; called once, on any thread
     */
    void send(ByteBuffer message, Consumer<Optional<Throwable>> done);

    /** Sends a close frame if that is still possible and frees the session within a few seconds in any case. */
    void close(CloseReason reason);
}
