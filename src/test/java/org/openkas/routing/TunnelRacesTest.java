package org.openkas.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Timeout;
import org.openkas.common.AgentType;
import org.openkas.grpc.CallAge;
import org.openkas.proto.kubernetesapi.KubernetesApiGrpc;
import org.openkas.proto.grpctool.HttpRequest;
import org.openkas.proto.grpctool.HttpResponse;
import org.openkas.proto.reversetunnel.ConnectRequest;
import org.openkas.proto.reversetunnel.ConnectResponse;
import org.openkas.proto.reversetunnel.ReverseTunnelGrpc;
import org.openkas.reversetunnel.ReverseTunnelService;
import org.openkas.reversetunnel.TunnelRegistry;
import org.openkas.testkit.FakeTimers;
import org.openkas.testkit.RecordedLog;

/** Callers that leave, and agents that leave, at the very moment at which a tunnel is handed over, on many threads. */
@Timeout(60)
class TunnelRacesTest {
    private static final int CALLS = 3_000;

    private final RecordedLog log = new RecordedLog();
    private final TunnelRegistry registry = new TunnelRegistry(log.log());
    private final FakeTimers timers = new FakeTimers();
    private final ExecutorService threads = Executors.newFixedThreadPool(4);
    private final TunnelChannels channels = new TunnelChannels(registry, Optional.empty(), new RoutingMetrics(new PrometheusRegistry()), timers,
            threads, log.log());
    private final OpenCalls calls = new OpenCalls(CallAge.ENDLESS);
    private final AtomicInteger liveCallers = new AtomicInteger();

    @AfterEach
    void close() {
        threads.shutdownNow();
    }

    @RepeatedTest(4)
    @DisplayName("A caller that leaves while a tunnel is handed to it gives it back; an agent that leaves then costs the caller nothing")
    void races(RepetitionInfo run) throws Exception {
        String name = InProcessServerBuilder.generateName();
        Server server = InProcessServerBuilder.forName(name).executor(threads).intercept(calls)
                .addService(new ReverseTunnelService((token, _) -> {
                    calls.all.get(token.value()).identified = true;
                    return TunnelBench.agent(1);
                }, registry, timers, new Random(1), Runnable::run)).build().start();
        ManagedChannel connection = InProcessChannelBuilder.forName(name).executor(threads).build();
        try (ExecutorService actors = Executors.newFixedThreadPool(4)) {
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                int actor = i;
                all.add(actors.submit(() -> callers(new Random(10 * run.getCurrentRepetition() + actor))));
                all.add(actors.submit(() -> tunnels(actor, connection, new Random(20 * run.getCurrentRepetition() + actor))));
            }
            for (Future<?> one : all) {
                one.get();
            }
            await().untilAsserted(() -> assertThat(liveCallers).hasValue(0));
            assertThat(registry.waiting()).isZero();
            assertThat(timers.pending()).isZero();
            await().untilAsserted(() -> assertThat(calls.open(true)).as("tunnels that nobody uses").isEqualTo(registry.idle()));
        } finally {
            connection.shutdownNow();
            server.shutdownNow();
        }
    }

    private void callers(Random random) {
        for (int i = 0; i < CALLS; i++) {
            ClientCall<HttpRequest, HttpResponse> call = channels.to(AgentType.AGENTK, 1).newCall(KubernetesApiGrpc.getMakeRequestMethod(),
                    CallOptions.DEFAULT);
            liveCallers.incrementAndGet();
            threads.execute(() -> call.start(new ClientCall.Listener<>() {
                @Override
                public void onClose(Status status, Metadata trailers) {
                    liveCallers.decrementAndGet();
                }
            }, new Metadata()));
            pause(random);
            call.cancel("enough", null);
        }
    }

    private static void tunnels(int actor, ManagedChannel connection, Random random) {
        for (int i = 0; i < CALLS; i++) {
            Metadata headers = new Metadata();
            headers.put(OpenCalls.TOKEN, actor + "-" + i);
            ClientCall<ConnectRequest, ConnectResponse> call = connection.newCall(ReverseTunnelGrpc.getConnectMethod(),
                    CallOptions.DEFAULT);
            call.start(new ClientCall.Listener<>() {
            }, headers);
            call.request(10);
            call.sendMessage(ScriptedAgent.descriptor(ScriptedAgent.SERVICE, "MakeRequest"));
            pause(random);
            if (random.nextInt(3) > 0) {
                call.cancel("gone", null);
            }
        }
    }

    private static void pause(Random random) {
        for (int spin = random.nextInt(3_000); spin > 0; spin--) {
            Thread.onSpinWait();
        }
    }
}
