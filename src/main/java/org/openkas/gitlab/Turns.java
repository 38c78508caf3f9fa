package org.openkas.gitlab;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Lets callers who want the same thing ask one at a time, so that one question serves all of them. Who waited while another
 * asked and failed gets that failure instead of asking once more. Thread-safe; waiting ends when the thread is interrupted.
 */
final class Turns {
    private final ReentrantLock turn = new ReentrantLock();
    private final Predicate<GitLabException> shared;
    private final AtomicInteger failures = new AtomicInteger();
    private @Nullable GitLabException last;

    /** Asks; called by one thread at a time. */
    @FunctionalInterface
    interface Question<T> {
        T ask() throws GitLabException, InterruptedException;
    }

    /** {@code shared} says which failures hold for those who waited as well. */
    Turns(Predicate<GitLabException> shared) {
        this.shared = shared;
    }

    /**
     * Waits for a turn and asks, unless by then there is no need to.
     *
     * @param known looked at when the turn has come: the answer if it is known already
     */
    <T> T take(Supplier<Optional<T>> known, Question<T> question) throws GitLabException, InterruptedException {
        int seen = failures.get();
        turn.lockInterruptibly();
        try {
            return use(seen, known, question);
        } finally {
            turn.unlock();
        }
    }

    /** As {@link #take}, but empty where it would have to wait. */
    <T> Optional<T> takeIfFree(Supplier<Optional<T>> known, Question<T> question) throws GitLabException, InterruptedException {
        if (!turn.tryLock()) {
            return Optional.empty();
        }
        try {
            return Optional.of(use(failures.get(), known, question));
        } finally {
            turn.unlock();
        }
    }

    private <T> T use(int seen, Supplier<Optional<T>> known, Question<T> question) throws GitLabException, InterruptedException {
        Optional<T> answer = known.get();
        if (answer.isPresent()) {
            return answer.get();
        }
        if (failures.get() != seen && last != null) {
            throw last.again();
        }
        try {
            return question.ask();
        } catch (GitLabException e) {
            if (shared.test(e)) {
                last = e.again();
                failures.incrementAndGet();
            }
            throw e;
        }
    }
}
