package org.openkas.common;

/**
 * The pattern language in which agents name files (chapter 01 §5.5.7): {@code *} and {@code ?} within a component,
 * {@code **} for whole components, classes and alternatives. The peculiarities of that chapter are kept, also that a mistake
 * in a pattern is noticed only where a path leads the matcher to it. Work is bounded: a pattern that would take too long
 * counts as malformed. Immutable and thread-safe.
 */
public record Glob(String pattern) {
    /** Longer patterns name nothing that a repository holds. */
    private static final int MOST_CHARACTERS = 8192;

    /** The pattern is malformed where a path led. */
    public static final class MalformedException extends Exception {
        private static final long serialVersionUID = 1L;

        MalformedException() {
            super("syntax error in pattern", null, false, false);
        }
    }

    /**
     * Whether a path is matched as a whole.
     *
     * @param path components separated by slashes
     * @throws MalformedException if a mistake in the pattern was met on the way
     */
    public boolean matches(String path) throws MalformedException {
        if (pattern.length() > MOST_CHARACTERS) {
            throw new MalformedException();
        }
        return new GlobMatch().path(pattern, path);
    }
}
