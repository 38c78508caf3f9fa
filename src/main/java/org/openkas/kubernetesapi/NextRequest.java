package org.openkas.kubernetesapi;

import io.netty.util.concurrent.Future;
import java.time.Duration;

/**
 * The time that a client has for its next request: to begin one, and to send its header (chapter 03 §2.2). Used on the
 * connection's event loop.
 */
final class NextRequest {
    /** From an answer to the next request. */
    static final Duration IDLE_TIME = Duration.ofSeconds(60);
    private static final Duration HEADER_TIME = Duration.ofSeconds(10);

    private final Deadline deadline;
    private final Runnable close;
    private boolean headerBegun;
    private boolean headerTimed = true;

    /**
     * @param deadline of the connection
     * @param close closes the connection without another word
     */
    NextRequest(Deadline deadline, Runnable close) {
        this.deadline = deadline;
        this.close = close;
    }

    /** The first request of the connection may come: its time is that of its header. */
    void awaitFirst() {
        deadline.arm(HEADER_TIME, close);
    }

    /** Another one may come, from {@code lastAnswer} on. */
    void awaitAfter(Future<?> lastAnswer) {
        deadline.armAfter(lastAnswer, IDLE_TIME, close);
    }

    /** A part of the header has come. */
    void bytesArrived() {
        headerBegun = true;
        if (!headerTimed) {
            headerTimed = true;
            deadline.arm(HEADER_TIME, close);
        }
    }

    /** Whether a request has begun to come that is not here yet. */
    boolean headerBegun() {
        return headerBegun;
    }

    /** The request is here. */
    void arrived() {
        deadline.disarm();
        headerTimed = false;
        headerBegun = false;
    }
}
