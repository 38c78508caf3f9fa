package org.openkas.app;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.openkas.observability.ServerMXBean;

/**
 * Where the server is between its start and its end. Thread-safe; states only go forward.
 */
final class ServerState implements ServerMXBean {
    private enum State {
        STARTING, RUNNING, DRAINING, STOPPED, FAILED
    }

    private final Runnable drain;
    private final CompletableFuture<Void> drained = new CompletableFuture<>();
    private final CompletableFuture<String> ended = new CompletableFuture<>();
    private State state = State.STARTING;
    private boolean drainBegun;

    /** A server that starts; {@code drain} stops it in order and returns when it has. */
    ServerState(Runnable drain) {
        this.drain = drain;
    }

    /** The server is up. */
    synchronized void running() {
        if (state == State.STARTING) {
            state = State.RUNNING;
        }
    }

    /** The server could not start or go on. */
    synchronized void failed(String reason) {
        if (state != State.STOPPED) {
            state = State.FAILED;
            ended.complete(reason);
        }
    }

    /** Why the server failed, if it did. */
    Optional<String> failure() {
        return Optional.of(getFailure()).filter(text -> !text.isEmpty());
    }

    @Override
    public synchronized String getState() {
        return state.name();
    }

    @Override
    public String getFailure() {
        return ended.getNow("");
    }

    @Override
    public String awaitFailure() {
        return ended.join();
    }

    @Override
    public void drain() {
        if (begins()) {
            try {
                drain.run();
            } finally {
                stopped();
            }
        }
        drained.join();
    }

    /**
     * As {@link #drain}, but returns after {@code limit} at the latest; false if the drain goes on then, which ends when what it
     * waits for is cut off.
     */
    boolean drainWithin(Duration limit) {
        Thread.ofVirtual().name("openkas-drain").start(this::drain);
        try {
            drained.get(limit.toMillis(), TimeUnit.MILLISECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } catch (ExecutionException e) {
            throw new IllegalStateException("never completed with a failure", e);
        }
    }

    private synchronized boolean begins() {
        if (drainBegun) {
            return false;
        }
        drainBegun = true;
        if (state != State.FAILED) {
            state = State.DRAINING;
        }
        return true;
    }

    private synchronized void stopped() {
        if (state != State.FAILED) {
            state = State.STOPPED;
        }
        ended.complete("");
        drained.complete(null);
    }
}
