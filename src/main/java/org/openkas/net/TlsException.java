package org.openkas.net;

import java.io.IOException;

/** Certificate and key of a listener cannot be used; the message names both files and the cause. */
public final class TlsException extends IOException {
    private static final long serialVersionUID = 1L;

    /** With the whole text. */
    public TlsException(String message) {
        super(message);
    }

    /** With the whole text and what caused it. */
    public TlsException(String message, Throwable cause) {
        super(message, cause);
    }
}
