package org.openkas.message;

/** A JSON text or tree is not of the form that a message has. The message is one line beginning with {@code proto: }. */
public final class ProtoJsonException extends Exception {
    private static final long serialVersionUID = 1L;

    /** With a complete text. */
    public ProtoJsonException(String message) {
        super(message);
    }
}
