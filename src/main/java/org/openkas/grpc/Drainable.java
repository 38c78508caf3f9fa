package org.openkas.grpc;

import java.time.Duration;

/** A gRPC server that ends in good order (chapter 01 §3.4). Each method from one thread. */
public interface Drainable extends AutoCloseable {
    /**
     * Goes on accepting for the listen grace period, then ends all call ages, stops accepting, sends GOAWAY {@code
     * graceful_stop} and waits until the last call ended, {@code limit} at most; what is left is cut off. Blocks.
     *
     * @throws InterruptedException if the thread is interrupted; the server is closed then
     */
    default void drain(Duration limit) throws InterruptedException {
        drain(limit, () -> {
        });
    }

    /** As the other; runs {@code agesEnded} when what waited was told to end, and before the server stops accepting. */
    void drain(Duration limit, Runnable agesEnded) throws InterruptedException;

    /** Stops accepting and cuts off what runs. Waits a few seconds at most for the connections to be gone. */
    @Override
    void close();
}
