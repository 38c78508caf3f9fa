package org.openkas.observability;

import io.prometheus.metrics.core.metrics.Info;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.config.EscapingScheme;
import io.prometheus.metrics.instrumentation.jvm.JvmBufferPoolMetrics;
import io.prometheus.metrics.instrumentation.jvm.JvmClassLoadingMetrics;
import io.prometheus.metrics.instrumentation.jvm.JvmCompilationMetrics;
import io.prometheus.metrics.instrumentation.jvm.JvmGarbageCollectorMetrics;
import io.prometheus.metrics.instrumentation.jvm.JvmMemoryMetrics;
import io.prometheus.metrics.instrumentation.jvm.JvmNativeMemoryMetrics;
import io.prometheus.metrics.instrumentation.jvm.JvmRuntimeInfoMetric;
import io.prometheus.metrics.instrumentation.jvm.JvmThreadsMetrics;
import io.prometheus.metrics.instrumentation.jvm.ProcessMetrics;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.Labels;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.openkas.common.BuildInfo;

/** The server's metrics registry and its text form (chapter 05 §12). Thread-safe. */
public final class Metrics {
    /** The media type of {@link #text}: Prometheus text format 0.0.4, whatever the scraper asks for. */
    public static final String CONTENT_TYPE = PrometheusTextFormatWriter.CONTENT_TYPE;

    /** Labels of what the reference counts with OpenTelemetry. */
    static final Labels SCOPE = Labels.of("otel_scope_name", "kas", "otel_scope_version", "");

    private final PrometheusRegistry registry;

    /** A registry of its own with what every server shows: {@code gitlab_build_info}, the JVM and the process. */
    public static Metrics ofServer(BuildInfo build) {
        PrometheusRegistry registry = new PrometheusRegistry();
        Info.builder().name("gitlab_build_info").help("Current build info for this GitLab Service").labelNames("version", "built")
                .constLabels(SCOPE).register(registry).addLabelValues(build.version(), build.buildTime());
        openTelemetry(registry, build);
        jvm(registry);
        return new Metrics(registry);
    }

    /** What OpenTelemetry's exporter of the reference tells of itself (chapter 05 §12.1). */
    private static void openTelemetry(PrometheusRegistry registry, BuildInfo build) {
        Info.builder().name("otel_scope_info").help("Instrumentation Scope metadata").constLabels(SCOPE).labelNames().register(registry)
                .addLabelValues();
        Info.builder().name("target_info").help("Target metadata").labelNames("service_name", "service_version").register(registry)
                .addLabelValues("gitlab-kas", build.version());
    }

    /**
     * What the library's {@code JvmMetrics} shows but for {@code jvm_memory_pool_allocated_bytes_total}: that one listens to the
     * garbage collectors and cannot be taken back, so the classes of an application that has ended would stay.
     */
    private static void jvm(PrometheusRegistry registry) {
        JvmThreadsMetrics.builder().register(registry);
        JvmBufferPoolMetrics.builder().register(registry);
        JvmClassLoadingMetrics.builder().register(registry);
        JvmCompilationMetrics.builder().register(registry);
        JvmGarbageCollectorMetrics.builder().register(registry);
        JvmMemoryMetrics.builder().register(registry);
        JvmNativeMemoryMetrics.builder().register(registry);
        JvmRuntimeInfoMetric.builder().register(registry);
        ProcessMetrics.builder().register(registry);
    }

    /** Shows what {@code registry} holds. */
    public Metrics(PrometheusRegistry registry) {
        this.registry = registry;
    }

    /**
     * Where rooms register their metrics, which are to be built {@code withoutExemplars}: the text has no room for exemplars, and
     * sampling them starts a thread that nobody can end, so the classes of an application that has ended would stay.
     */
    public PrometheusRegistry registry() {
        return registry;
    }

    /** All series now. Collectors may block for a moment; an exception of theirs comes through. */
    public String text() throws IOException {
        ByteArrayOutputStream text = new ByteArrayOutputStream(16 * 1024);
        PrometheusTextFormatWriter.create().write(text, registry.scrape(), EscapingScheme.UNDERSCORE_ESCAPING);
        return text.toString(StandardCharsets.UTF_8);
    }
}
