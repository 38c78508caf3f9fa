package org.openkas.grpc;

import io.grpc.Server;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.openkas.common.Timers;

/** How a gRPC server of ours ends (chapter 01 §3.4). From one thread. */
final class ServerEnd {
    private static final Duration AGES_LIMIT = Duration.ofSeconds(1);
    private static final Duration CUT_OFF = Duration.ofSeconds(10);

    private final Server server;
    private final CallAges ages;
    private final Duration grace;
    private final Timers timers;

    /** @param grace how long a server that ends in order goes on accepting */
    ServerEnd(Server server, CallAges ages, Duration grace, Timers timers) {
        this.server = server;
        this.ages = ages;
        this.grace = grace;
        this.timers = timers;
    }

    /** See {@link Drainable#drain(Duration, Runnable)}. */
    void inOrder(Duration limit, Runnable agesEnded) throws InterruptedException {
        try {
            pause(grace);
            // most calls end within milliseconds; one whose action blocks is not waited for
            boolean _ = ages.drain().await(AGES_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
            agesEnded.run();
            server.shutdown();
            server.awaitTermination(limit.toMillis(), TimeUnit.MILLISECONDS);
        } finally {
            now();
        }
    }

    /** See {@link Drainable#close}. */
    void now() {
        CountDownLatch _ = ages.drain();
        server.shutdownNow();
        try {
            server.awaitTermination(CUT_OFF.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void pause(Duration time) throws InterruptedException {
        CompletableFuture<Void> over = new CompletableFuture<>();
        timers.after(time, () -> over.complete(null));
        try {
            over.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException("never completed with a failure", e);
        }
    }
}
