package org.openkas.cluster;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.openkas.common.Backoff;
import org.openkas.common.Log;
import org.openkas.common.Timers;

/**
 * The way to Redis as long as the server runs (chapter 04 §7.10): while Redis is there, commands go through; while it is lost,
 * they fail at once, and the link looks for it in the background. Redis is lost when a connection breaks, or when it has not
 * answered for {@code redis.write_timeout}. Thread-safe.
 */
final class RedisLink implements AutoCloseable {
    /** How often Redis is asked whether it is there. */
    static final Duration PULSE = Duration.ofSeconds(1);
    private static final Backoff.Policy SEARCH = Backoff.Policy.doubling(Duration.ofMillis(100), Duration.ofSeconds(2),
            Duration.ofSeconds(20));

    private final RedisDialer dialer;
    private final Duration patience;
    private final Timers timers;
    private final Log log;
    private final RedisWatch watch;
    private final Backoff backoff;
    private final List<Follower> followers = new CopyOnWriteArrayList<>();
    private volatile State state;
    private long lostSince;

    private sealed interface State {
        record Found(RedisSession session) implements State {
        }

        record Lost(RedisFailure why) implements State {
        }

        record Closed() implements State {
        }
    }

    /** Learns about sessions, one call at a time, on a thread that may block. */
    interface Follower {
        /** There are new connections, which know nothing of the ones before. */
        void found(RedisSession session);
    }

    private RedisLink(RedisDialer dialer, RedisSession session, Duration patience, Timers timers, RandomGenerator random, Log log,
            RedisWatch watch) {
        this.dialer = dialer;
        this.patience = patience;
        this.timers = timers;
        this.log = log;
        this.watch = watch;
        backoff = SEARCH.begin(timers, random);
        state = new State.Found(session);
        watch.reachable(true);
        attend(session);
    }

    /**
     * Connects; blocks for a few times {@code redis.dial_timeout} at most.
     *
     * @param patience how long Redis may take to answer
     * @throws RedisFailure if Redis is not there
     */
    static RedisLink connect(RedisDialer dialer, Duration patience, Timers timers, RandomGenerator random, Log log, RedisWatch watch)
            throws RedisFailure {
        return new RedisLink(dialer, dialer.open(), patience, timers, random, log, watch);
    }

    /** Tells {@code follower} about the present session, now, and about later ones. */
    void follow(Follower follower) {
        followers.add(follower);
        if (state instanceof State.Found(RedisSession session)) {
            follower.found(session);
        }
    }

    /** Whether {@code session} is still the one in use. */
    boolean current(RedisSession session) {
        return state instanceof State.Found(RedisSession found) && found == session;
    }

    /** Sends commands, without waiting; fails at once while Redis is lost. The failure is a {@link RedisFailure}. */
    <T> CompletionStage<T> send(Function<RedisSession, CompletionStage<T>> commands) {
        return switch (state) {
            case State.Closed() -> CompletableFuture.failedFuture(RedisFailure.unreachable("redis: client is closed"));
            case State.Lost(RedisFailure why) -> CompletableFuture.failedFuture(why);
            case State.Found(RedisSession session) -> commands.apply(session).handle((answer, failure) -> {
                if (failure == null) {
                    return answer;
                }
                throw new CompletionException(failed(session, failure));
            });
        };
    }

    /**
     * Sends commands and waits for the answer; blocks the calling thread for {@code redis.write_timeout} at most.
     *
     * @throws RedisFailure if Redis is lost, says no, or does not answer in time
     */
    <T> T ask(Function<RedisSession, CompletionStage<T>> commands) throws RedisFailure {
        return await(send(commands));
    }

    /** Waits for what {@link #send} began. */
    <T> T await(CompletionStage<T> answer) throws RedisFailure {
        try {
            return answer.toCompletableFuture().get(patience.toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RedisFailure failure ? failure : RedisFailure.ofCommand(e.getCause() == null ? e : e.getCause());
        } catch (TimeoutException e) {
            throw RedisFailure.late(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw RedisFailure.abandoned(e);
        }
    }

    /** Why Redis cannot be used now, if it cannot: asks it. */
    Optional<String> failure() {
        try {
            ask(RedisSession::ping);
            return Optional.empty();
        } catch (RedisFailure e) {
            return Optional.of("redis: " + e.getMessage());
        }
    }

    /** For what needs a connection of its own. */
    RedisDialer dialer() {
        return dialer;
    }

    private RedisFailure failed(RedisSession session, Throwable failure) {
        Throwable cause = failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        RedisFailure why = cause instanceof RedisFailure known ? known : RedisFailure.ofCommand(cause);
        if (why.replica() && dialer.asksSentinels()) {
            // another server leads now
            lost(session, why);
        }
        return why;
    }

    private void attend(RedisSession session) {
        session.whenBroken(() -> {
            if (current(session)) {
                timers.after(Duration.ZERO, () -> lost(session, RedisFailure.unreachable("EOF")));
            }
        });
        pulse(session);
    }

    private void pulse(RedisSession session) {
        timers.after(PULSE, () -> {
            if (!current(session)) {
                return;
            }
            try {
                await(session.ping());
                pulse(session);
            } catch (RedisFailure e) {
                lost(session, e);
            }
        });
    }

    private void lost(RedisSession session, RedisFailure why) {
        synchronized (this) {
            if (!current(session)) {
                return;
            }
            state = new State.Lost(why);
            lostSince = timers.nanos();
        }
        watch.reachable(false);
        log.withError(why).with("remedy", "start Redis again, or see why this host cannot reach it; nothing else is to be done")
                .error("Redis is lost: this server goes on with its own agents, other servers do not see them");
        session.close();
        timers.after(Duration.ZERO, this::search);
    }

    private void search() {
        if (closed()) {
            return;
        }
        RedisSession session;
        try {
            session = dialer.open();
        } catch (RedisFailure e) {
            searchAgain(e);
            return;
        }
        synchronized (this) {
            if (closed()) {
                session.close();
                return;
            }
            state = new State.Found(session);
        }
        watch.reachable(true);
        log.with("lost_for", Duration.ofNanos(timers.nanos() - lostSince).toSeconds() + "s").info("Redis is back");
        attend(session);
        followers.forEach(follower -> follower.found(session));
    }

    private void searchAgain(RedisFailure why) {
        synchronized (this) {
            if (closed()) {
                return;
            }
            state = new State.Lost(why);
        }
        timers.after(backoff.next(), this::search);
    }

    private boolean closed() {
        return state instanceof State.Closed;
    }

    /** Commands fail from now on. */
    @Override
    public void close() {
        synchronized (this) {
            state = new State.Closed();
        }
        // the connections end with it
        dialer.close();
    }
}
