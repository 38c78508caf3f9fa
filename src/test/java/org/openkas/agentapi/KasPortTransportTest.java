package org.openkas.agentapi;

import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.openkas.common.SystemTimers;
import org.openkas.grpc.GrpcServerMetrics;
import org.openkas.grpc.ListenerRuntime;
import org.openkas.grpc.ListenerSettings;
import org.openkas.grpc.Opening;
import org.openkas.net.EventLoops;
import org.openkas.net.ListenAddress;
import org.openkas.net.Network;
import org.openkas.net.Security;

/** The contract on the KAS port. */
class KasPortTransportTest extends AgentTransportContract {
    private static EventLoops loops;
    private static ExecutorService executor;
    private static SystemTimers timers;

    @BeforeAll
    static void startThreads() {
        loops = new EventLoops(2);
        executor = Executors.newVirtualThreadPerTaskExecutor();
        timers = new SystemTimers(executor);
    }

    @AfterAll
    static void stopThreads() {
        loops.close();
        timers.close();
        executor.close();
    }

    @Override
    protected Running start(Setup setup) throws Exception {
        PrometheusRegistry registry = new PrometheusRegistry();
        AgentGate gate = new AgentGate(new GrpcServerMetrics(registry), setup.validator(), setup.limiter(), new RateExceeded(registry),
                setup.aliases(),
                log.log());
        ListenerSettings settings = new ListenerSettings(new ListenAddress(Network.TCP, "127.0.0.1:0"), new Security.Plain(),
                new Opening.Http2OrWebSocket("gitlab-kas/v1.2.3/abcdef"), setup.maxConnectionAge(), setup.listenGracePeriod(),
                setup.policy());
        AgentServer server = new AgentServer(settings, new ListenerRuntime(loops, executor, timers, RandomGenerator.getDefault()),
                services.all(), gate,
                log.log());
        server.start();
        return new Running() {
            @Override
            public int port() {
                return server.bound().port();
            }

            @Override
            public void drain(Duration limit) throws InterruptedException {
                server.drain(limit);
            }

            @Override
            public double metric(String name, String... labels) {
                return value(registry, name, Labels.of(labels));
            }

            @Override
            public void close() {
                server.close();
            }
        };
    }

    static double value(PrometheusRegistry registry, String name, Labels labels) {
        String base = name.replaceAll("_total$", "");
        return registry.scrape(base::equals).stream().mapToDouble(snapshot -> switch (snapshot) {
            case CounterSnapshot counter -> counter.getDataPoints().stream().filter(point -> point.getLabels().equals(labels)).mapToDouble(
                    CounterSnapshot.CounterDataPointSnapshot::getValue).sum();
            case GaugeSnapshot gauge -> gauge.getDataPoints().stream().filter(point -> point.getLabels().equals(labels)).mapToDouble(
                    GaugeSnapshot.GaugeDataPointSnapshot::getValue).sum();
            default -> 0;
        }).sum();
    }
}
