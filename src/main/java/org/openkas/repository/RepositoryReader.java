package org.openkas.repository;

import com.google.protobuf.ByteString;

/**
 * Reads a Git repository. All calls block the calling thread, which should be a virtual one, and end early with
 * {@link InterruptedException} when it is interrupted. Implementations are thread-safe; failures carry the texts of chapter
 * 02 §5.11.
 */
public interface RepositoryReader {

    /** A ref name that stands for the default branch: {@code HEAD}, else {@code main}, else {@code master}. */
    String HEAD = "HEAD";

    /**
     * Finds what a ref names now.
     *
     * @param ref a full name such as {@code refs/heads/main}, or {@link #HEAD}
     * @throws RepositoryException with code {@code NOT_FOUND} if there are refs but not this one
     */
    Resolution resolve(Repository repository, String ref) throws RepositoryException, InterruptedException;

    /**
     * Reads one file.
     *
     * @param revision a commit id
     * @param maximumSize in bytes; 0 for no limit
     * @param chunks receives the content in order, at least one chunk, possibly empty
     */
    void read(Repository repository, String revision, String path, long maximumSize, Chunks chunks)
            throws RepositoryException, InterruptedException;

    /** Reads a file that was met on a walk, as the other one does. */
    default void read(Repository repository, TreeBlob blob, long maximumSize, Chunks chunks)
            throws RepositoryException, InterruptedException {
        read(repository, blob.revision(), blob.path(), maximumSize, chunks);
    }

    /**
     * Visits the files below a directory in the repository's order.
     *
     * @param revision a commit id, a full ref or {@link #HEAD}
     * @param directory without slashes at its ends; {@code .} for the root
     */
    void walk(Repository repository, String revision, String directory, boolean recursive, Visitor visitor)
            throws RepositoryException, InterruptedException;

    /** Takes the content of a file, piece by piece. */
    @FunctionalInterface
    interface Chunks {
        /** The next piece; a failure ends the read. */
        void accept(ByteString chunk) throws RepositoryException, InterruptedException;
    }

    /** Takes the files of a walk. */
    @FunctionalInterface
    interface Visitor {
        /** The next file; returns whether to go on. */
        boolean visit(TreeBlob blob) throws RepositoryException, InterruptedException;
    }
}
