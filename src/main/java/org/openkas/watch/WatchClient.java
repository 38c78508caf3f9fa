package org.openkas.watch;

import org.openkas.websocket.CloseReason;

/** Whoever watches, at the other end of a WebSocket. Used by one thread. */
public interface WatchClient {

    /** Sends a text message; {@code text} is UTF-8 and belongs to the client from now on. */
    void send(byte[] text);

    /** Whether it takes more now; if not, {@link WatchSession#writable} says when. */
    boolean takesMore();

    /** Ends the connection. */
    void end(CloseReason reason);
}
