package org.openkas.kubernetesaccess;

/** A request carries no usable credential; the message says why and holds no secret (chapter 03 §6). */
public final class CredentialException extends Exception {
    private static final long serialVersionUID = 1L;

    CredentialException(String message) {
        super(message, null, false, false);
    }
}
