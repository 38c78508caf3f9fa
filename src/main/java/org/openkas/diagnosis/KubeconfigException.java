package org.openkas.diagnosis;

/** There can be no kubeconfig. The message says why and what to do; it never holds a secret. */
public final class KubeconfigException extends Exception {
    private static final long serialVersionUID = 1L;

    KubeconfigException(String message) {
        super(message);
    }

    KubeconfigException(String message, Throwable cause) {
        super(message, cause);
    }
}
