package org.openkas.gitlab;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Duration;
import org.openkas.common.Timers;

/**
 * Reports over GitLab's HTTP API. A report that GitLab took is not repeated for ten seconds: when many connections of one agent
 * come back at once, one report is enough. Reports leave the last tokens of the rate limit to look-ups. Thread-safe.
 */
public final class HttpAgentConfigurationReporter implements AgentConfigurationReporter {
    private static final String PATH = "/api/v4/internal/kubernetes/agent_configuration";
    private static final Duration NOT_AGAIN = Duration.ofSeconds(10);
    private static final long MOST_REMEMBERED = 100_000;

    private final GitLabClient gitLab;
    private final Cache<Report, Boolean> taken;

    private record Report(long agentId, String commitId) {
    }

    /** Reports to this GitLab. */
    public HttpAgentConfigurationReporter(GitLabClient gitLab, Timers timers) {
        this.gitLab = gitLab;
        this.taken = Caffeine.newBuilder().maximumSize(MOST_REMEMBERED).expireAfterWrite(NOT_AGAIN).ticker(timers::nanos)
                .executor(Runnable::run).build();
    }

    @Override
    public void report(long agentId, String commitId, JsonNode configurationFile) throws GitLabException, InterruptedException {
        Report report = new Report(agentId, commitId);
        if (taken.getIfPresent(report) != null) {
            return;
        }
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        // a text, as the JSON form of messages writes 64-bit integers
        body.put("agent_id", Long.toString(agentId));
        body.set("agent_config", configurationFile.isObject() ? configurationFile : JsonNodeFactory.instance.objectNode());
        gitLab.call(GitLabRequest.of("POST", PATH).json(body.toString()).retried().inBackground());
        taken.put(report, Boolean.TRUE);
    }
}
