package org.openkas.jgit;

import io.grpc.Status;
import io.grpc.StatusException;
import java.nio.channels.ClosedByInterruptException;
import org.eclipse.jgit.errors.NoRemoteRepositoryException;
import org.eclipse.jgit.errors.RepositoryNotFoundException;
import org.openkas.repository.RepositoryException;

/** Tells failures of JGit as a Gitaly server would tell them (chapter 02 §5.11). */
final class GitFailure {
    private GitFailure() {
    }

    /** The failure of a call; {@code path} may be empty. */
    static RepositoryException of(String rpc, String path, Exception failure) throws InterruptedException {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof ClosedByInterruptException || cause instanceof InterruptedException || Thread.interrupted()) {
                throw new InterruptedException();
            }
            if (cause instanceof RepositoryNotFoundException || cause instanceof NoRemoteRepositoryException) {
                return RepositoryException.rpcFailed(rpc, path, status(Status.NOT_FOUND, "repository not found", failure));
            }
        }
        String text = failure.getMessage();
        return RepositoryException.rpcFailed(rpc, path,
                status(Status.UNAVAILABLE, text == null || text.isEmpty() ? failure.getClass().getName() : text, failure));
    }

    /** A status as a cause; keeps the failure out of the text. */
    static StatusException status(Status status, String description, Exception failure) {
        StatusException exception = status.withDescription(description).asException();
        exception.addSuppressed(failure);
        return exception;
    }
}
