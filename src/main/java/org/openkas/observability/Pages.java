package org.openkas.observability;

import java.io.IOException;
import java.util.Optional;
import org.openkas.common.HttpText;
import org.openkas.common.Log;

/** What the observability listener answers on which path (chapter 05 §11). Thread-safe; answering may block. */
final class Pages {
    private final ObservabilityPaths paths;
    private final Probes probes;
    private final Metrics metrics;
    private final ScrapeMetrics scrapes;
    private final Log log;

    Pages(ObservabilityPaths paths, Probes probes, Metrics metrics, Log log) {
        this.paths = paths;
        this.probes = probes;
        this.metrics = metrics;
        scrapes = new ScrapeMetrics(metrics.registry());
        this.log = log;
    }

    /** The answer for a request target; every method is answered alike. */
    Page at(String target) {
        String path = path(target);
        if (matches(paths.metrics(), path)) {
            return metrics();
        }
        if (matches(paths.liveness(), path)) {
            return probe(probes.livenessFailure(), "LivenessProbe failed");
        }
        if (matches(paths.readiness(), path)) {
            return probe(probes.readinessFailure(), "ReadinessProbe failed");
        }
        return Page.notFound();
    }

    private Page metrics() {
        int status = 500;
        scrapes.begun();
        try {
            Page page = Page.of(Metrics.CONTENT_TYPE, metrics.text());
            status = page.status();
            return page;
        } catch (IOException | RuntimeException e) {
            log.withError(e).error("Metrics cannot be gathered");
            return Page.failure(status, "An error has occurred while serving metrics:\n\n" + e.getMessage());
        } finally {
            scrapes.ended(status);
        }
    }

    private Page probe(Optional<String> failure, String message) {
        if (failure.isEmpty()) {
            return Page.empty();
        }
        log.with("error", failure.get()).error(message);
        return Page.failure(500, failure.get());
    }

    /** The path of a target in origin or absolute form. */
    private static String path(String target) {
        int scheme = target.indexOf("://");
        int begin = scheme > 0 && !target.startsWith("/") ? target.indexOf('/', scheme + 3) : 0;
        if (begin < 0) {
            return "/";
        }
        int query = target.indexOf('?', begin);
        return HttpText.unescaped(target.substring(begin, query < 0 ? target.length() : query));
    }

    private static boolean matches(String configured, String path) {
        return configured.endsWith("/") ? path.startsWith(configured) : path.equals(configured);
    }
}
