package org.openkas.kubernetesapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.openkas.kubernetesapi.RunningProxy.TOKEN;
import static org.openkas.kubernetesapi.RunningProxy.setup;

import io.grpc.Status;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.openkas.testkit.KubernetesAgent;
import org.openkas.testkit.RawPeer;

class RequestMetricsTest {
    private static final Labels POST = labels("1.1", "POST", "200", "kas.test", "");

    private static Labels labels(String flavor, String method, String status, String host, String port) {
        return Labels.of("http_flavor", flavor, "http_method", method, "http_scheme", "http", "http_status_code", status, "net_host_name",
                host, "net_host_port", port);
    }

    @Test
    @DisplayName("chapter 03 §17.2: time and bytes of a request, by what it was and how it ended")
    void complete() throws Exception {
        try (RunningProxy proxy = setup().start()) {
            proxy.agent.atEnd(call -> {
                proxy.timers.advance(Duration.ofMillis(30));
                call.head(200).data("abcd").trailer().complete();
            });
            proxy.ask("POST / HTTP/1.1\r\n" + TOKEN + "Content-Length: 3\r\n\r\nabc");
            await().until(() -> duration(proxy.metrics, POST).isPresent());
            assertThat(duration(proxy.metrics, POST).orElseThrow().getSum()).isEqualTo(30);
            assertThat(bytes(proxy.metrics, "http_server_request_content_length", POST)).hasValue(3.0);
            assertThat(bytes(proxy.metrics, "http_server_response_content_length", POST)).hasValue(4.0);
        }
    }

    @Test
    @DisplayName("chapter 03 §17.2: what the server answers itself counts as well; OPTIONS * and what is no request do not")
    void ownAnswers() throws Exception {
        try (RunningProxy proxy = setup().start()) {
            String refused = proxy.ask("GET / HTTP/1.1\r\nHost: kas.test:81\r\n\r\n").body();
            proxy.ask("FOO / HTTP/1.0\r\n\r\n");
            proxy.ask("OPTIONS * HTTP/1.1\r\nHost: kas.test\r\n\r\n");
            proxy.ask("GET / HTTP/1.1\r\n\r\n");
            Labels get = labels("1.1", "GET", "401", "kas.test", "81");
            await().until(() -> duration(proxy.metrics, labels("1.0", "_OTHER", "401", "", "")).isPresent());
            assertThat(duration(proxy.metrics, get)).isPresent();
            assertThat(bytes(proxy.metrics, "http_server_response_content_length", get)).hasValue((double) refused.length());
            assertThat(durations(proxy.metrics)).hasSize(2);
        }
    }

    @Test
    @DisplayName("chapter 03 §17.2: what breaks off is not recorded, whoever breaks it off; an exec is, when it is over")
    void aborted() throws Exception {
        try (RunningProxy proxy = setup().start()) {
            try (RawPeer peer = proxy.peer()) {
                peer.send("GET / HTTP/1.1\r\n" + TOKEN + "\r\n");
                proxy.agent.next().head(200).data("x").fail(Status.UNAVAILABLE);
                peer.readHead();
                peer.readText(100);
            }
            try (RawPeer peer = proxy.peer()) {
                peer.send("GET / HTTP/1.1\r\n" + TOKEN + "\r\n");
                proxy.agent.next().head(200).data("x");
                peer.readHead();
            }
            for (Status end : List.of(Status.UNAVAILABLE, Status.OK)) {
                try (RawPeer peer = proxy.peer()) {
                    peer.send("GET /exec HTTP/1.1\r\n" + TOKEN + "Upgrade: SPDY/3.1\r\n\r\n");
                    KubernetesAgent.Call call = proxy.agent.next();
                    await().until(() -> call.messages.size() == 2);
                    call.head(101, "Upgrade", "SPDY/3.1").trailer();
                    peer.readHead();
                    if (end.isOk()) {
                        call.complete();
                    } else {
                        call.fail(end);
                    }
                    peer.readText(1);
                }
            }
            await().until(() -> proxy.server.connections().isEmpty());
            assertThat(durations(proxy.metrics)).singleElement().satisfies(only -> {
                assertThat(only.getLabels().get("http_status_code")).isEqualTo("101");
                assertThat(only.getCount()).isEqualTo(1);
            });
        }
    }

    @Test
    @DisplayName("Names that clients make up fill a bounded number of series, and none that is long")
    void bounded() throws Exception {
        try (RunningProxy proxy = setup().start(); RawPeer peer = proxy.peer()) {
            peer.send("GET / HTTP/1.1\r\nHost: " + "h".repeat(300) + "\r\n\r\n");
            for (int i = 0; i < RequestMetrics.MOST_SERIES + 20; i++) {
                peer.send("GET / HTTP/1.1\r\nHost: h" + i + "\r\n\r\n");
                RunningProxy.answer(peer, false);
            }
            Labels rest = Labels.of("http_flavor", "_OTHER", "http_method", "_OTHER", "http_scheme", "http", "http_status_code", "_OTHER",
                    "net_host_name", "", "net_host_port", "");
            await().until(() -> duration(proxy.metrics, rest).filter(data -> data.getCount() == 21).isPresent());
            assertThat(durations(proxy.metrics)).hasSize(RequestMetrics.MOST_SERIES + 1)
                    .noneMatch(data -> data.getLabels().get("net_host_name").length() > 255);
        }
    }

    private static List<HistogramSnapshot.HistogramDataPointSnapshot> durations(PrometheusRegistry registry) {
        return registry.scrape("http_server_duration"::equals).stream().map(HistogramSnapshot.class::cast)
                .flatMap(metric -> metric.getDataPoints().stream()).toList();
    }

    private static Optional<HistogramSnapshot.HistogramDataPointSnapshot> duration(PrometheusRegistry registry, Labels labels) {
        return durations(registry).stream().filter(data -> data.getLabels().equals(labels)).findFirst();
    }

    private static Optional<Double> bytes(PrometheusRegistry registry, String name, Labels labels) {
        return registry.scrape(name::equals).stream().map(CounterSnapshot.class::cast).flatMap(metric -> metric.getDataPoints().stream())
                .filter(data -> data.getLabels().equals(labels)).map(CounterSnapshot.CounterDataPointSnapshot::getValue).findFirst();
    }
}
