package org.openkas.config;

import java.time.Duration;
import java.util.Optional;

/**
 * {@code observability}: probes, metrics, logs, traces, usage reports (chapter 05 §4.4). Immutable.
 *
 * @param usageReportingPeriod zero: no usage is reported
 * @param prometheusUrlPath path of the metrics
 * @param livenessUrlPath path of the liveness probe
 * @param readinessUrlPath path of the readiness probe
 */
public record ObservabilitySection(Duration usageReportingPeriod, ObservabilityListenSection listen, String prometheusUrlPath,
        Optional<TracingSection> tracing, SentrySection sentry, LoggingSection logging, GoogleProfilerSection googleProfiler,
        String livenessUrlPath, String readinessUrlPath) {

    static ObservabilitySection read(MessageReader c) {
        return new ObservabilitySection(
                c.duration("usage_reporting_period", "how often usage counters are sent to GitLab. 0s never").must(Rule.zeroOrLonger())
                        .orElse(Duration.ofMinutes(1)),
                c.section("listen", "ObservabilityListenCF", "the listener for probes and metrics", ObservabilityListenSection::read)
                        .orDefaults(),
                path(c, "prometheus", "PrometheusCF", "metrics", "/metrics"),
                c.section("tracing", "TracingCF", "traces over OTLP", TracingSection::read).ifGiven(),
                c.section("sentry", "SentryCF", "errors to Sentry", SentrySection::read).orDefaults(),
                c.section("logging", "LoggingCF", "the log on standard error", LoggingSection::read).orDefaults(),
                c.section("google_profiler", "GoogleProfilerCF", "profiles to Google Cloud Profiler", GoogleProfilerSection::read)
                        .orDefaults(),
                path(c, "liveness_probe", "LivenessProbeCF", "the liveness probe", "/liveness"),
                path(c, "readiness_probe", "ReadinessProbeCF", "the readiness probe", "/readiness"));
    }

    private static String path(MessageReader c, String key, String message, String what, String fallback) {
        return c.section(key, message, what, inner -> inner.text("url_path", "path of " + what).orElse(fallback)).orDefaults();
    }
}
