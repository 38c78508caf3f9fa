package org.openkas.kubernetesapi;

import io.netty.buffer.ByteBuf;

/** What answers a request that was let in, and is told what its client does. Runs on the connection's event loop. */
interface Responder {

    /** Whether it takes a part of the body, or bytes of an upgraded connection, now. */
    boolean wantsBody();

    /** A part of the body. */
    void body(ByteBuf bytes);

    /** The body is complete. */
    void bodyEnded();

    /** The body does not keep to HTTP, or ends too early. */
    void brokenBody(String reason);

    /** The client takes more. */
    void writable();

    /** Bytes of the upgraded connection. */
    void bytes(ByteBuf bytes);

    /** The client says that it sends no more; it is an upgraded connection. */
    void halfClosed();

    /** Nobody is there any more who wants an answer. */
    void clientGone();

    /** The listener stops; what ends by itself may go on. */
    default void stop() {
    }
}
