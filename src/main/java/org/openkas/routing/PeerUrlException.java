package org.openkas.routing;

/** The URL of a server is none that can be called; the message says why. */
final class PeerUrlException extends Exception {
    private static final long serialVersionUID = 1L;

    PeerUrlException(String message) {
        super(message);
    }
}
