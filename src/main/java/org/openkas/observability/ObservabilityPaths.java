package org.openkas.observability;

/**
 * Where the observability listener answers; a path that ends in {@code /} stands for all below it.
 *
 * @param metrics {@code observability.prometheus.url_path}
 * @param liveness {@code observability.liveness_probe.url_path}
 * @param readiness {@code observability.readiness_probe.url_path}
 */
public record ObservabilityPaths(String metrics, String liveness, String readiness) {
    /** The documented paths. */
    public static final ObservabilityPaths STANDARD = new ObservabilityPaths("/metrics", "/liveness", "/readiness");
}
