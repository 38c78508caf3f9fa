package org.openkas.repository;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.openkas.common.Backoff;
import org.openkas.common.Timers;

/**
 * Asks for one ref again and again on behalf of all who watch it. One poll runs at a time; whatever is wanted meanwhile
 * leads to one more. Thread-safe; neither the reader nor a listener is called with the lock held.
 */
final class RefPoller {
    /** How old a state may be for somebody who comes now, and how far apart polls are that others could have shared. */
    private static final long FRESH = Duration.ofSeconds(1).toNanos();
    private static final long NEVER = Long.MAX_VALUE;

    /** Asks once; blocks. */
    @FunctionalInterface
    interface Question {
        Resolution ask() throws RepositoryException, InterruptedException;
    }

    private final Question question;
    private final Duration period;
    private final Backoff backoff;
    private final Timers timers;
    private final Executor executor;
    private final long origin;

    // each watcher with the time that it came
    private final Map<WatchDelivery, Long> watchers = new LinkedHashMap<>();
    private boolean stopped;
    private boolean polling;
    private @Nullable Thread pollingThread;
    private boolean interrupted;
    private long begun;
    private @Nullable Outcome latest;
    private boolean poked;
    private long pokePoll = -FRESH;
    // when the next poll is due; while one runs, when one is wanted after it
    private long due = NEVER;
    private Timers.Cancellable timer = () -> {
    };

    RefPoller(Question question, Duration period, Backoff backoff, Timers timers, Executor executor) {
        this.question = question;
        this.period = period;
        this.backoff = backoff;
        this.timers = timers;
        this.executor = executor;
        origin = timers.nanos();
    }

    private long now() {
        return timers.nanos() - origin;
    }

    /** A watcher comes. Returns what is to be done without locks. */
    synchronized List<Runnable> add(WatchDelivery watcher) {
        long now = now();
        watchers.put(watcher, now);
        List<Runnable> effects = new ArrayList<>();
        boolean fresh = now - begun <= FRESH;
        if (polling && fresh) {
            want(begun + FRESH, effects);
        } else if (!polling && fresh && latest != null) {
            tell(watcher, latest, effects);
            want(begun + FRESH, effects);
        } else {
            want(now, effects);
        }
        return effects;
    }

    /** A watcher goes; returns whether it was the last one, which stops the poller for good. */
    synchronized boolean remove(WatchDelivery watcher) {
        watchers.remove(watcher);
        if (watchers.isEmpty() && !stopped) {
            stopped = true;
            timer.cancel();
            if (pollingThread != null) {
                interrupted = true;
                pollingThread.interrupt();
            }
        }
        return stopped;
    }

    /** Somebody knows that the ref may have changed. */
    void poke() {
        List<Runnable> effects = new ArrayList<>();
        synchronized (this) {
            if (stopped) {
                return;
            }
            poked = true;
            want(Math.max(now(), pokePoll + FRESH), effects);
        }
        effects.forEach(Runnable::run);
    }

    private void want(long at, List<Runnable> effects) {
        if (polling) {
            due = Math.min(due, at);
        } else if (at <= now()) {
            begin(effects);
        } else if (at < due) {
            due = at;
            timer.cancel();
            timer = timers.after(Duration.ofNanos(at - now()), this::elapsed);
        }
    }

    private void elapsed() {
        List<Runnable> effects = new ArrayList<>();
        synchronized (this) {
            if (stopped || polling || due == NEVER) {
                return;
            }
            long next = due;
            due = NEVER;
            want(next, effects);
        }
        effects.forEach(Runnable::run);
    }

    private void begin(List<Runnable> effects) {
        timer.cancel();
        due = NEVER;
        polling = true;
        begun = now();
        if (poked) {
            poked = false;
            pokePoll = begun;
        }
        effects.add(() -> executor.execute(this::poll));
    }

    private void poll() {
        synchronized (this) {
            if (stopped) {
                return;
            }
            pollingThread = Thread.currentThread();
        }
        Outcome outcome = ask();
        List<Runnable> effects = new ArrayList<>();
        synchronized (this) {
            pollingThread = null;
            if (interrupted) {
                Thread.interrupted();
            }
            if (stopped) {
                return;
            }
            latest = outcome;
            watchers.forEach((watcher, came) -> {
                if (came - begun <= FRESH) {
                    tell(watcher, outcome, effects);
                }
            });
            polling = false;
            Duration pause = outcome instanceof Outcome.Failed ? backoff.next() : period;
            long next = Math.min(due, now() + pause.toNanos());
            due = NEVER;
            want(next, effects);
        }
        effects.forEach(Runnable::run);
    }

    private Outcome ask() {
        try {
            return new Outcome.Resolved(question.ask());
        } catch (RepositoryException e) {
            return new Outcome.Failed(e);
        } catch (InterruptedException e) {
            return new Outcome.Failed(new RepositoryException(RepositoryException.Code.UNKNOWN, "the poll was interrupted", e));
        } catch (RuntimeException e) {
            return new Outcome.Failed(new RepositoryException(RepositoryException.Code.UNKNOWN, "the poll failed: " + e, e));
        }
    }

    private static void tell(WatchDelivery watcher, Outcome outcome, List<Runnable> effects) {
        if (watcher.offer(outcome)) {
            effects.add(watcher::start);
        }
    }
}
