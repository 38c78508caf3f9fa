package org.openkas.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoRegistration;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The process has no descriptor left, for a while. */
@Timeout(30)
class ExhaustionTest {
    private final AtomicInteger errorsLeft = new AtomicInteger();

    /** Moves bytes as usual, except that some of its turns end with an error. */
    private final class Failing implements IoHandler {
        private final IoHandler usual;

        private Failing(IoHandler usual) {
            this.usual = usual;
        }

        @Override
        public int run(IoHandlerContext context) {
            if (errorsLeft.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
                throw new NoClassDefFoundError("Too many open files");
            }
            return usual.run(context);
        }

        @Override
        public void initialize() {
            usual.initialize();
        }

        @Override
        public void prepareToDestroy() {
            usual.prepareToDestroy();
        }

        @Override
        public void destroy() {
            usual.destroy();
        }

        @Override
        public IoRegistration register(IoHandle handle) throws Exception {
            return usual.register(handle);
        }

        @Override
        public void wakeup() {
            usual.wakeup();
        }

        @Override
        public boolean isCompatible(Class<? extends IoHandle> type) {
            return usual.isCompatible(type);
        }
    }

    @Test
    @DisplayName("A thread that moves bytes outlives classes that cannot be loaded, and ends when it is told to")
    void errors() throws Exception {
        EnduringLoops loops = new EnduringLoops(1, new DefaultThreadFactory("test-io", true),
                thread -> new Failing(NioIoHandler.newFactory().newHandler(thread)));
        Thread before = loops.submit(Thread::currentThread).get();
        errorsLeft.set(3);
        // a round of the loop may do several tasks, and only rounds fail
        await().untilAsserted(() -> {
            assertThat(loops.submit(Thread::currentThread).get()).isSameAs(before);
            assertThat(errorsLeft).hasValue(0);
        });
        errorsLeft.set(1);
        assertThat(loops.shutdownGracefully(0, 5, TimeUnit.SECONDS).await(10, TimeUnit.SECONDS)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    @DisplayName("Nobody is told of a failure when the server only gets ready for it")
    void silent(boolean epoll) {
        Queue<String> lines = new ConcurrentLinkedQueue<>();
        Logger root = Logger.getLogger("");
        Handler handler = new Handler() {
            @Override
            public void publish(LogRecord line) {
                lines.add(line.getMessage());
            }

            @Override
            public void flush() {
                // nothing waits
            }

            @Override
            public void close() {
                // nothing is open
            }
        };
        root.addHandler(handler);
        try {
            Exhaustion.prepare(epoll && io.netty.channel.epoll.Epoll.isAvailable());
        } finally {
            root.removeHandler(handler);
        }
        assertThat(lines).isEmpty();
    }
}
