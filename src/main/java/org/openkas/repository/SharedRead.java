package org.openkas.repository;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** A read that one caller makes and others wait for. How it ends is decided once. Thread-safe. */
final class SharedRead<T> {
    private final CompletableFuture<Optional<T>> result = new CompletableFuture<>();

    void finished(T value) {
        result.complete(Optional.of(value));
    }

    void failed(RepositoryException failure) {
        result.completeExceptionally(failure);
    }

    /** Whoever read has gone; without effect if it has ended otherwise. */
    void givenUp() {
        result.complete(Optional.empty());
    }

    /** What was read; empty if it was given up, so that somebody else has to read. */
    Optional<T> await() throws RepositoryException, InterruptedException {
        try {
            return result.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RepositoryException failure) {
                throw failure;
            }
            throw new IllegalStateException("a read ends by a failure of the repository only", e);
        }
    }
}
