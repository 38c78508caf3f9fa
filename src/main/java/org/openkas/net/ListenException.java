package org.openkas.net;

import java.io.IOException;

/** A listener could not be opened; the message has the form {@code listen tcp 127.0.0.1:8150: bind: <cause>}. */
public final class ListenException extends IOException {
    private static final long serialVersionUID = 1L;

    /** With the whole text. */
    public ListenException(String message) {
        super(message);
    }

    /** With the whole text and what caused it. */
    public ListenException(String message, Throwable cause) {
        super(message, cause);
    }
}
