package org.openkas.repository;

/** How a poll ended. */
sealed interface Outcome {

    /** The ref was resolved. */
    record Resolved(Resolution resolution) implements Outcome {
    }

    /** It was not. */
    record Failed(RepositoryException failure) implements Outcome {
    }
}
