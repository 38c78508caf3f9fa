package org.openkas.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.openkas.common.AgentToken;
import org.openkas.common.Log;
import org.openkas.common.LogLevel;
import org.openkas.testkit.FakeTimers;
import org.openkas.testkit.RecordedLog;

class MemoryTokenLimiterTest extends TokenLimiterContract {
    private final FakeTimers timers = new FakeTimers();
    private final RecordedLog log = new RecordedLog();
    private final MemoryTokenLimiter limiter = new MemoryTokenLimiter(timers, LIMIT, log.log());

    @Override
    TokenLimiter limiter() {
        return limiter;
    }

    @Override
    void advance(Duration by) {
        timers.advance(by);
    }

    private static boolean allowed(MemoryTokenLimiter limiter, AgentToken token) {
        return limiter.allow(token).toCompletableFuture().join();
    }

    private static AgentToken token(int number) {
        return AgentToken.ofAgentk("%08d%08d".formatted(number, number));
    }

    @Test
    @DisplayName("a refused call gives a debug line without the token")
    void debugLine() {
        IntStream.range(0, 4).forEach(call -> limiter.allow(token(1)));
        assertThat(log.lines()).singleElement().satisfies(line -> {
            assertThat(line.level()).isEqualTo(LogLevel.DEBUG);
            assertThat(line.message()).isEqualTo("redistool.TokenLimiter: rate limit exceeded");
            assertThat(line.fields()).containsEntry("count", 3L).containsEntry("token_limit", 3L).hasSize(2);
        });
    }

    @Test
    @DisplayName("counts of a past minute are dropped")
    void dropsOldWindows() {
        IntStream.range(0, 1000).forEach(number -> limiter.allow(token(number)));
        assertThat(limiter.counted()).isEqualTo(1000);
        timers.advance(Duration.ofMinutes(1));
        limiter.allow(token(1));
        assertThat(limiter.counted()).isEqualTo(1);
    }

    @Test
    @DisplayName("invented tokens fill a bounded table, are reported once a minute, and lift no limit that is being counted")
    void boundedMemory() {
        MemoryTokenLimiter small = new MemoryTokenLimiter(timers, LIMIT, 10, log.log());
        IntStream.range(0, 100).forEach(number -> assertThat(allowed(small, token(number))).isTrue());
        assertThat(small.counted()).isEqualTo(10);
        assertThat(log.lines()).singleElement().satisfies(line -> assertThat(line.level()).isEqualTo(LogLevel.WARN));
        assertThat(allowed(small, token(0))).isTrue();
        assertThat(allowed(small, token(0))).isTrue();
        assertThat(allowed(small, token(0))).isFalse();
    }

    @Test
    @DisplayName("calls at the same moment do not slip through together")
    void concurrentCalls() throws Exception {
        MemoryTokenLimiter shared = new MemoryTokenLimiter(timers, 500, Log.none());
        Callable<Long> calls = () -> IntStream.range(0, 400).filter(call -> allowed(shared, token(1))).count();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            long allowed = 0;
            for (Future<Long> each : threads.invokeAll(java.util.Collections.nCopies(4, calls))) {
                allowed += each.get();
            }
            assertThat(allowed).isEqualTo(500);
        }
    }
}
