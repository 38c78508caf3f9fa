package org.openkas.gitlab;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Reports over GitLab's HTTP API, behind other calls. Thread-safe. */
public final class HttpUsageReports implements UsageReports {
    private static final String PATH = "/api/v4/internal/kubernetes/usage_metrics";

    private final GitLabClient gitLab;

    /** Reports to this GitLab. */
    public HttpUsageReports(GitLabClient gitLab) {
        this.gitLab = gitLab;
    }

    @Override
    public void report(Map<String, Long> counts, Map<String, Set<Long>> ids, Duration patience)
            throws GitLabException, InterruptedException {
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        if (!counts.isEmpty()) {
            ObjectNode counters = body.putObject("counters");
            new TreeMap<>(counts).forEach(counters::put);
        }
        if (!ids.isEmpty()) {
            ObjectNode counters = body.putObject("unique_counters");
            new TreeMap<>(ids).forEach((name, seen) -> {
                ArrayNode list = counters.putArray(name);
                new TreeSet<>(seen).forEach(list::add);
            });
        }
        gitLab.call(GitLabRequest.of("POST", PATH).json(body.toString()).inBackground().within(patience));
    }
}
