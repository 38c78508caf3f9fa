package org.openkas.agentapi;

import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import java.time.Duration;
import org.openkas.grpc.Opening;

/** The contract on the KAS port. */
class KasPortTransportTest extends AgentTransportContract {
    @Override
    protected Running start(Setup setup) throws Exception {
        PrometheusRegistry registry = new PrometheusRegistry();
        AgentServer server = new AgentServer(setup.listener(new Opening.Http2OrWebSocket("gitlab-kas/v1.2.3/abcdef")), threads.runtime(),
                services.all(), setup.gate(registry, log.log()), log.log());
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
