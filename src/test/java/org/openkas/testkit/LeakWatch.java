package org.openkas.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.inprocess.InProcessChannelBuilder;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/**
 * Sees buffers of Netty that nobody released, channels of gRPC that nobody closed, and failures that gRPC only logs. Every
 * buffer made while it is there is watched. One at a time.
 */
public final class LeakWatch implements AutoCloseable {
    private static final Logger GRPC = Logger.getLogger("io.grpc");

    private final ResourceLeakDetector.Level before = ResourceLeakDetector.getLevel();
    private final List<String> found = new CopyOnWriteArrayList<>();
    private final Handler handler = new Handler() {
        @Override
        public void publish(LogRecord line) {
            if (line.getLevel().intValue() >= Level.SEVERE.intValue()) {
                found.add(line.getLoggerName() + ": " + line.getMessage() + " " + line.getThrown());
            }
        }

        @Override
        public void flush() {
            // nothing is kept back
        }

        @Override
        public void close() {
            // nothing was opened
        }
    };

    /** What was lost before is not this one's business. */
    public LeakWatch() throws InterruptedException {
        provoke();
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.PARANOID);
        ByteBufUtil.setLeakListener((type, records) -> found.add(type + " leaked: " + records));
        GRPC.addHandler(handler);
    }

    /** Fails if anything was leaked that is garbage by now. */
    public void check() throws InterruptedException {
        assertThat(found()).isEmpty();
    }

    /** What was leaked and is garbage by now. */
    List<String> found() throws InterruptedException {
        provoke();
        return List.copyOf(found);
    }

    private static void provoke() throws InterruptedException {
        for (int round = 0; round < 3; round++) {
            collectGarbage();
            // both report when the next of its kind is made
            PooledByteBufAllocator.DEFAULT.directBuffer(16).release();
            ByteBufAllocator.DEFAULT.heapBuffer(16).release();
            ByteBufAllocator.DEFAULT.directBuffer(16).release();
            InProcessChannelBuilder.forName("nobody").build().shutdownNow();
        }
    }

    private static void collectGarbage() throws InterruptedException {
        ReferenceQueue<Object> queue = new ReferenceQueue<>();
        PhantomReference<Object> canary = new PhantomReference<>(new Object(), queue);
        do {
            System.gc();
        } while (queue.remove(100) != canary);
    }

    @Override
    public void close() {
        GRPC.removeHandler(handler);
        ByteBufUtil.setLeakListener(null);
        ResourceLeakDetector.setLevel(before);
    }
}
