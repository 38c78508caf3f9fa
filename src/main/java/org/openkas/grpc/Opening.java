package org.openkas.grpc;

/** What connections of a listener may begin with, after TLS if there is TLS (chapter 01 §2.1). */
public sealed interface Opening {

    /** HTTP/2 with prior knowledge only. */
    record Http2() implements Opening {
    }

    /**
     * HTTP/2 with prior knowledge, or an HTTP/1.1 upgrade to a WebSocket that carries HTTP/2.
     *
     * @param serverName the {@code Server} header of HTTP/1.1 answers
     */
    record Http2OrWebSocket(String serverName) implements Opening {
    }
}
