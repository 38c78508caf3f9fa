package org.openkas.telemetry;

import io.opentelemetry.sdk.trace.export.BatchSpanProcessorBuilder;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntConsumer;
import org.openkas.common.HttpText;

/**
 * OpenTelemetry's own environment variables, as far as the configuration file does not say the same (chapter 05 §7). What a variable
 * says in a form that its standard does not know is as good as not said, which is the standard's rule. Immutable.
 */
record OtelVariables(Map<String, String> environment) {
    private static final String EXPORTER = "OTEL_EXPORTER_OTLP_";

    /** Pairs of {@code OTEL_RESOURCE_ATTRIBUTES}. */
    Map<String, String> resourceAttributes() {
        return pairs(value("OTEL_RESOURCE_ATTRIBUTES").orElse(""));
    }

    /** Headers for the collector. */
    Map<String, String> headers() {
        return pairs(exporter("HEADERS").orElse(""));
    }

    /** How long the collector may take to answer. */
    Optional<Duration> timeout() {
        return exporter("TIMEOUT").flatMap(OtelVariables::positive).map(Duration::ofMillis);
    }

    /** Whether what is sent is compressed. */
    boolean gzip() {
        return exporter("COMPRESSION").filter("gzip"::equals).isPresent();
    }

    /** Sets how spans are gathered before they are sent. */
    void applyTo(BatchSpanProcessorBuilder batches) {
        number("OTEL_BSP_SCHEDULE_DELAY", millis -> batches.setScheduleDelay(Duration.ofMillis(millis)));
        number("OTEL_BSP_EXPORT_TIMEOUT", millis -> batches.setExporterTimeout(Duration.ofMillis(millis)));
        number("OTEL_BSP_MAX_QUEUE_SIZE", batches::setMaxQueueSize);
        number("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", batches::setMaxExportBatchSize);
    }

    /** Which traces are kept; all that we begin unless told otherwise. */
    Sampler sampler() {
        return switch (value("OTEL_TRACES_SAMPLER").orElse("")) {
            case "always_on" -> Sampler.alwaysOn();
            case "always_off" -> Sampler.alwaysOff();
            case "traceidratio" -> Sampler.traceIdRatioBased(ratio());
            case "parentbased_always_off" -> Sampler.parentBased(Sampler.alwaysOff());
            case "parentbased_traceidratio" -> Sampler.parentBased(Sampler.traceIdRatioBased(ratio()));
            default -> Sampler.parentBased(Sampler.alwaysOn());
        };
    }

    private double ratio() {
        try {
            double ratio = Double.parseDouble(value("OTEL_TRACES_SAMPLER_ARG").orElse("1"));
            return ratio >= 0 && ratio <= 1 ? ratio : 1;
        } catch (NumberFormatException e) {
            return 1;
        }
    }

    private Optional<String> exporter(String name) {
        return value(EXPORTER + "TRACES_" + name).or(() -> value(EXPORTER + name));
    }

    private Optional<String> value(String name) {
        return Optional.ofNullable(environment.get(name)).map(String::strip).filter(text -> !text.isEmpty());
    }

    private void number(String name, IntConsumer setting) {
        value(name).flatMap(OtelVariables::positive).ifPresent(setting::accept);
    }

    private static Optional<Integer> positive(String text) {
        try {
            return Optional.of(Integer.parseInt(text)).filter(number -> number > 0);
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    /** {@code name=value,name=value}, percent-encoded. */
    private static Map<String, String> pairs(String text) {
        Map<String, String> pairs = new LinkedHashMap<>();
        for (String member : text.split(",", -1)) {
            int equals = member.indexOf('=');
            if (equals > 0) {
                pairs.put(member.substring(0, equals).strip(), HttpText.unescaped(member.substring(equals + 1).strip()));
            }
        }
        return pairs;
    }
}
