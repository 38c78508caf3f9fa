package org.openkas.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.grpc.Channel;
import io.netty.buffer.PooledByteBufAllocator;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.openkas.testkit.LeakWatch;
import org.openkas.testkit.SimulatedAgent;

/** The interleavings on a real listener with its threads, where buffers can be lost too. */
@Timeout(120)
class TunnelLeaksTest {
    private static final int STEPS = 3_000;

    private LeakWatch watch;

    @BeforeEach
    void watch() throws InterruptedException {
        watch = new LeakWatch();
    }

    @AfterEach
    void close() {
        watch.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"grpc", "ws"})
    @DisplayName("Random interleavings on real connections leak no stream, no request and no buffer")
    void interleavings(String scheme) throws Exception {
        interleave(scheme);
        watch.check();
    }

    private static void interleave(String scheme) throws Exception {
        try (TunnelBench bench = new TunnelBench();
                SimulatedAgent first = new SimulatedAgent(bench.connection(scheme), "token-1", "a");
                SimulatedAgent second = new SimulatedAgent(bench.connection(scheme), "token-2", "b")) {
            List<Channel> connections = List.of(first.authorized(), second.authorized());
            Crowd crowd = new Crowd(new Random(1), agent -> connections.get(agent - 1), bench.channels);
            for (int step = 0; step < STEPS; step++) {
                crowd.step();
            }
            crowd.someLeave();
            crowd.callersLeave();
            await().untilAsserted(() -> assertThat(crowd.liveCallers()).isZero());
            assertThat(bench.registry.waiting()).isZero();
            // what is not idle by now has nobody who would end it
            await().untilAsserted(() -> assertThat(openStreams(bench)).isEqualTo(bench.registry.idle()));
            bench.registry.stop();
            crowd.agentsRead();
            await().untilAsserted(crowd::assertEnded);
            await().untilAsserted(() -> assertThat(openStreams(bench)).isZero());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"grpc", "ws"})
    @DisplayName("Connections cut in the midst of everything lose no buffer")
    void cut(String scheme) throws Exception {
        for (int seed = 1; seed <= 5; seed++) {
            try (TunnelBench bench = new TunnelBench();
                    SimulatedAgent first = new SimulatedAgent(bench.connection(scheme), "token-1", "a");
                    SimulatedAgent second = new SimulatedAgent(bench.connection(scheme), "token-2", "b")) {
                List<Channel> connections = List.of(first.authorized(), second.authorized());
                Crowd crowd = new Crowd(new Random(seed), agent -> connections.get(agent - 1), bench.channels);
                for (int step = 0; step < STEPS / 3; step++) {
                    crowd.step();
                }
                bench.server.close();
                crowd.callersLeave();
                crowd.agentsRead();
                await().untilAsserted(crowd::assertEnded);
            }
        }
        watch.check();
    }

    private static long openStreams(TunnelBench bench) {
        return (long) (count(bench, "grpc_server_started") - count(bench, "grpc_server_handled"));
    }

    private static double count(TunnelBench bench, String name) {
        return bench.metrics.scrape(name::equals).stream().flatMap(metric -> ((CounterSnapshot) metric).getDataPoints().stream())
                .mapToDouble(CounterSnapshot.CounterDataPointSnapshot::getValue).sum();
    }

    @Test
    @DisplayName("A buffer that nobody released, and a channel that nobody closed, are seen")
    void seen() {
        lose();
        assertThatThrownBy(watch::check).hasMessageContaining("ByteBuf leaked").hasMessageContaining("ManagedChannel");
    }

    private static void lose() {
        PooledByteBufAllocator.DEFAULT.directBuffer(16);
        org.openkas.testkit.AgentChannels.grpc(1);
    }
}
