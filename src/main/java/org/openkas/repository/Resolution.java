package org.openkas.repository;

/** What a ref stands for. */
public sealed interface Resolution {

    /** The ref names this object: a commit, or the tag object of an annotated tag. */
    record Commit(String id) implements Resolution {
    }

    /** The repository has no refs at all. */
    record Empty() implements Resolution {
    }
}
