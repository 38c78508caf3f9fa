package org.openkas.gitlab;

import org.jspecify.annotations.Nullable;

/** The settings of the connection to GitLab cannot be used; the server must not start. The message says what to mend. */
public final class GitLabSetupException extends Exception {
    private static final long serialVersionUID = 1L;

    /** With a complete text. */
    public GitLabSetupException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
