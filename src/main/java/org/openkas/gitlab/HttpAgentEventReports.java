package org.openkas.gitlab;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Events over GitLab's HTTP API, behind other calls. Thread-safe. */
public final class HttpAgentEventReports implements AgentEventReports {
    private static final String PATH = "/api/v4/internal/kubernetes/agent_events";

    private final GitLabClient gitLab;

    /** Reports to this GitLab. */
    public HttpAgentEventReports(GitLabClient gitLab) {
        this.gitLab = gitLab;
    }

    @Override
    public void report(Map<String, List<AgentEvent>> events, Duration patience) throws GitLabException, InterruptedException {
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        ObjectNode byName = body.putObject("events");
        new TreeMap<>(events).forEach((name, all) -> {
            ArrayNode list = byName.putArray(name);
            all.forEach(event -> write(event, list.addObject()));
        });
        gitLab.call(GitLabRequest.of("POST", PATH).json(body.toString()).inBackground().within(patience));
    }

    private static void write(AgentEvent event, ObjectNode object) {
        new TreeMap<>(event.numbers()).forEach(object::put);
        new TreeMap<>(event.texts()).forEach(object::put);
    }
}
