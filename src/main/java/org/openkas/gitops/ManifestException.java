package org.openkas.gitops;

import org.openkas.common.Glob;

/** What an agent asks for cannot be had, and asking again will not help: somebody has to change paths or files. */
final class ManifestException extends Exception {
    private static final long serialVersionUID = 1L;

    private ManifestException(String message) {
        super(message, null, false, false);
    }

    /** With a text of chapter 01 §5.5.9. */
    static ManifestException of(String message) {
        return new ManifestException(message);
    }

    static ManifestException tooMany(long maximumFiles) {
        return new ManifestException("maximum number of files limit reached: " + maximumFiles);
    }

    static ManifestException badGlob(Glob glob, Glob.MalformedException cause) {
        return new ManifestException("glob " + glob.pattern() + " match failed: " + cause.getMessage());
    }

    static ManifestException twice(String path) {
        return new ManifestException("path visited more than once: " + path);
    }
}
