package org.openkas.kubernetesapi;

import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.openkas.common.Timers;
import org.openkas.net.Security;

/**
 * How long requests took and how many bytes their bodies had, under the names of OpenTelemetry's HTTP instrumentation (chapter 03
 * §17.2). One instance a registry. Thread-safe.
 */
public final class RequestMetrics {
    /** Clients choose methods and hosts, clusters choose statuses: what is new beyond so many series is counted as one. */
    static final int MOST_SERIES = 500;
    private static final String OTHER = "_OTHER";
    private static final String VERSION = "HTTP/";
    private static final Set<String> METHODS = Set.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE");
    private static final String[] LABELS = {"http_flavor", "http_method", "http_scheme", "http_status_code", "net_host_name",
            "net_host_port"};
    private static final double[] MILLISECONDS = {0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10000};
    private static final double NANOS = 1e6;

    private final Counter received;
    private final Counter sent;
    private final Histogram durations;
    private final Map<Kind, Series> series = new ConcurrentHashMap<>();

    private record Kind(String flavor, String method, String scheme, int status, RequestHead.NamedHost host) {
    }

    private record Series(CounterDataPoint received, CounterDataPoint sent, DistributionDataPoint duration) {
    }

    /** Registers the metrics. */
    public RequestMetrics(PrometheusRegistry registry) {
        received = Counter.builder().withoutExemplars().name("http_server_request_content_length_total")
                .help("Bytes of request bodies on the Kubernetes API listener").labelNames(LABELS).register(registry);
        sent = Counter.builder().withoutExemplars().name("http_server_response_content_length_total")
                .help("Bytes of response bodies on the Kubernetes API listener").labelNames(LABELS).register(registry);
        durations = Histogram.builder().withoutExemplars().name("http_server_duration")
                .help("Time from request to the end of the answer on the Kubernetes API listener in milliseconds").labelNames(LABELS)
                .classicOnly().classicUpperBounds(MILLISECONDS).register(registry);
    }

    /** Measures a request that begins now. */
    RequestMeter begin(RequestHead head, Security security, Timers timers) {
        long began = timers.nanos();
        return new RequestMeter((status, bytesReceived, bytesSent) -> {
            Series counted = series(new Kind(head.version().text().substring(VERSION.length()),
                    METHODS.contains(head.method()) ? head.method() : OTHER, security instanceof Security.Tls ? "https" : "http", status,
                    head.host()));
            counted.received.inc(bytesReceived);
            counted.sent.inc(bytesSent);
            counted.duration.observe((double) (timers.nanos() - began) / NANOS);
        });
    }

    private Series series(Kind kind) {
        Series known = series.get(kind);
        return known == null ? series.computeIfAbsent(series.size() < MOST_SERIES ? kind : rest(kind), this::register) : known;
    }

    private static Kind rest(Kind kind) {
        return new Kind(OTHER, OTHER, kind.scheme, 0, RequestHead.NamedHost.NONE);
    }

    private Series register(Kind kind) {
        String[] labels = {kind.flavor, kind.method, kind.scheme, kind.status == 0 ? OTHER : Integer.toString(kind.status), kind.host.name(),
                kind.host.port()};
        return new Series(received.labelValues(labels), sent.labelValues(labels), durations.labelValues(labels));
    }
}
