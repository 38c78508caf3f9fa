package org.openkas.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.openkas.common.BuildInfo;
import org.openkas.config.Secret;
import org.openkas.config.TracingTarget;
import org.openkas.testkit.FakeCollector;
import org.openkas.tracing.SpanStart;

/** OpenTelemetry's own environment variables (chapter 05 §7), as a collector sees them. */
@Timeout(60)
class OtelVariablesTest {

    /** What arrives of three spans. */
    private static List<FakeCollector.Post> posts(Map<String, String> environment, Optional<String> token) throws Exception {
        try (FakeCollector collector = new FakeCollector()) {
            TracingTarget target = new TracingTarget(URI.create(collector.address() + "/v1/traces"),
                    token.map(text -> Secret.of(text.getBytes(StandardCharsets.UTF_8))));
            try (CollectorTracer tracer = Collector.tracer(target, Optional.empty(), environment, BuildInfo.UNKNOWN)) {
                for (int i = 0; i < 3; i++) {
                    tracer.begin(SpanStart.of("test", SpanStart.Kind.INTERNAL, "span")).end();
                }
            }
            return collector.posts();
        }
    }

    @Test
    @DisplayName("CO §7: OTEL_EXPORTER_OTLP_HEADERS are sent, those for traces first; a token of the configuration replaces them")
    void headers() throws Exception {
        Map<String, String> environment = Map.of("OTEL_EXPORTER_OTLP_HEADERS", "x-scope=other",
                "OTEL_EXPORTER_OTLP_TRACES_HEADERS", " x-scope = team%20a ,x-more=1,nothing");
        assertThat(posts(environment, Optional.empty())).singleElement()
                .satisfies(post -> assertThat(post.headers()).containsEntry("x-scope", "team a").containsEntry("x-more", "1"));
        assertThat(posts(environment, Optional.of("secret"))).singleElement().satisfies(
                post -> assertThat(post.headers()).doesNotContainKey("x-scope").containsEntry("authorization", "Bearer secret"));
    }

    @Test
    @DisplayName("CO §7: OTEL_BSP_* decide how many spans go out together")
    void batches() throws Exception {
        assertThat(posts(Map.of("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "1", "OTEL_BSP_SCHEDULE_DELAY", "60000"), Optional.empty())).hasSize(3);
        assertThat(posts(Map.of("OTEL_BSP_MAX_QUEUE_SIZE", "-1", "OTEL_BSP_EXPORT_TIMEOUT", "soon"), Optional.empty()))
                .as("what makes no sense is as good as not said").hasSize(1);
    }

    @Test
    @DisplayName("CO §7: OTEL_TRACES_SAMPLER decides which traces are kept; all if it makes no sense")
    void sampler() throws Exception {
        assertThat(posts(Map.of("OTEL_TRACES_SAMPLER", "always_off"), Optional.empty())).isEmpty();
        assertThat(posts(Map.of("OTEL_TRACES_SAMPLER", "parentbased_always_off"), Optional.empty())).isEmpty();
        assertThat(posts(Map.of("OTEL_TRACES_SAMPLER", "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG", "0"), Optional.empty()))
                .isEmpty();
        assertThat(posts(Map.of("OTEL_TRACES_SAMPLER", "traceidratio", "OTEL_TRACES_SAMPLER_ARG", "2"), Optional.empty())).hasSize(1);
        assertThat(posts(Map.of("OTEL_TRACES_SAMPLER", "what"), Optional.empty())).hasSize(1);
    }

    @Test
    @DisplayName("CO §7: time limit and compression")
    void transport() {
        OtelVariables variables = new OtelVariables(Map.of("OTEL_EXPORTER_OTLP_TIMEOUT", "1500", "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "gzip"));
        assertThat(variables.timeout()).contains(Duration.ofMillis(1500));
        assertThat(variables.gzip()).isTrue();
        assertThat(new OtelVariables(Map.of("OTEL_EXPORTER_OTLP_TIMEOUT", "")).timeout()).isEmpty();
        assertThat(new OtelVariables(Map.of("OTEL_EXPORTER_OTLP_COMPRESSION", "none")).gzip()).isFalse();
    }
}
