package org.openkas.distribution;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.grpc.Status;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.openkas.proto.agentconfiguration.ConfigurationResponse;
import org.openkas.proto.agenttracker.AgentTrackerGrpc;
import org.openkas.proto.agenttracker.GetConnectedAgentsRequest;
import org.openkas.proto.configurationproject.AgentConfigFile;
import org.openkas.proto.configurationproject.ListAgentConfigFilesRequest;
import org.openkas.testkit.AgentChannels;
import org.openkas.testkit.FakeGitLab;
import org.openkas.testkit.FakeGitaly;
import org.openkas.testkit.SimulatedAgent;

/** The built server, started with the file that Omnibus 16.5 renders, as agents, GitLab and operators meet it. */
@ExtendWith(SharedSite.class)
@Timeout(120)
class OmnibusIT {
    private static final Duration SOON = Duration.ofSeconds(10);

    private enum Transport {
        GRPC(OmnibusSite.Agent::overGrpc), WEBSOCKET(OmnibusSite.Agent::overWebSocket);

        private final Function<OmnibusSite.Agent, SimulatedAgent> connect;

        Transport(Function<OmnibusSite.Agent, SimulatedAgent> connect) {
            this.connect = connect;
        }
    }

    private final OmnibusSite site;

    OmnibusIT(OmnibusSite site) {
        this.site = site;
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    @DisplayName("CO-47, AG-30, AG-31, RA-1, RA-37: an agent registers, gets its configuration, and each pushed commit within a second")
    void configuration(Transport transport, OmnibusSite.Agent agent) throws Exception {
        String first = agent.commit("ci_access: {projects: [{id: group/application}]}\n");
        try (SimulatedAgent pod = transport.connect.apply(agent)) {
            Instant before = Instant.now();
            pod.register(7);
            SimulatedAgent.Configurations stream = pod.configurations("");
            ConfigurationResponse response = stream.next(SOON);
            assertThat(response.getCommitId()).isEqualTo(first);
            assertThat(response.getConfiguration().getAgentId()).isEqualTo(agent.id);
            assertThat(response.getConfiguration().getProjectId()).isEqualTo(agent.projectId);
            assertThat(response.getConfiguration().getProjectPath()).isEqualTo(agent.project);
            assertThat(response.getConfiguration().getGitlabExternalUrl()).isEqualTo("http://gitlab.example.com");
            assertThat(response.getConfiguration().getCiAccess().getProjects(0).getId()).isEqualTo("group/application");

            assertThat(site.rails.connections(agent.id)).singleElement().satisfies(connection -> {
                assertThat(connection.getAgentId()).isEqualTo(agent.id);
                assertThat(connection.getProjectId()).isEqualTo(agent.projectId);
                assertThat(connection.getConnectionId()).isNotZero();
                assertThat(connection.getAgentMeta()).isEqualTo(pod.meta());
                assertThat(connection.getConnectedAt().getSeconds()).isBetween(before.getEpochSecond(), Instant.now().getEpochSecond());
            });

            String second = agent.commit("ci_access: {projects: [{id: group/other}]}\n");
            site.rails.pushed(agent.projectId, agent.project);
            ConfigurationResponse changed = stream.next(Duration.ofSeconds(1));
            assertThat(changed.getCommitId()).isEqualTo(second);
            assertThat(changed.getConfiguration().getCiAccess().getProjects(0).getId()).isEqualTo("group/other");
            assertThat(stream.end()).isNotDone();
        }
        await().atMost(SOON).untilAsserted(() -> assertThat(site.gitLab.requests(FakeGitLab.AGENT_CONFIGURATION).stream()
                .filter(request -> request.bodyText().matches(".*\"agent_id\":\"" + agent.id + "\".*"))).hasSize(2));
    }

    @Test
    @DisplayName("RA-24: GitLab gets the configuration files of a project")
    void configurationFiles(OmnibusSite.Agent agent) {
        agent.commit("");
        AgentConfigFile expected = AgentConfigFile.newBuilder().setName(agent.path()).setAgentName(agent.name).build();
        assertThat(
                site.rails.configurationFiles(ListAgentConfigFilesRequest.newBuilder().setRepository(FakeGitaly.repository(agent.project))
                        .setGitalyInfo(site.gitaly.info("t")).setDefaultBranch("main").build()))
                .containsExactly(expected);
    }

    @Test
    @DisplayName("CO-28: probes answer 200 without a body under the server's name")
    void probes() throws Exception {
        for (String path : List.of("/liveness", "/readiness")) {
            HttpResponse<String> answer = site.get(path);
            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(answer.body()).isEmpty();
            assertThat(answer.headers().firstValue("Server").orElse("")).startsWith("gitlab-kas/");
        }
    }

    @Test
    @DisplayName("CO-31, CO-32: metrics after calls, good and refused")
    void metrics(OmnibusSite.Agent agent) throws Exception {
        String method = "grpc_method=\"GetConnectedAgents\"";
        double refused = site.metric("grpc_server_handled_total", method, "grpc_code=\"Unauthenticated\"");
        agent.commit("");
        try (SimulatedAgent pod = agent.overGrpc()) {
            pod.register(1);
            SimulatedAgent.Configurations stream = pod.configurations("");
            stream.next(SOON);
            site.rails.connections(agent.id);
            assertThatThrownBy(() -> AgentTrackerGrpc.newBlockingStub(site.rails.with("not.a.token"))
                    .getConnectedAgents(GetConnectedAgentsRequest.newBuilder().setAgentId(agent.id).build()))
                    .hasMessage("UNAUTHENTICATED: JWT validation failed");
            String service = "grpc_service=\"gitlab.agent.agent_tracker.rpc.AgentTracker\"";
            assertThat(site.metric("grpc_server_handled_total", method, service, "grpc_type=\"unary\"", "grpc_code=\"OK\"")).isPositive();
            assertThat(site.metric("grpc_server_handled_total", method, "grpc_code=\"Unauthenticated\"")).isEqualTo(refused + 1);
            assertThat(site.metric("grpc_server_requests_in_flight", "grpc_method=\"GetConfiguration\"")).isPositive();
            assertThat(site.metric("connected_agents_count")).isPositive();
            assertThat(site.metric("limiter_limit", "limiter_name=\"gitlab_client\"")).isEqualTo(50);
        }
        String text = site.get("/metrics").body();
        List<String> families = List.of("agent_server_rate_exceeded_total", "connected_agents_count", "grpc_server_requests_in_flight",
                "grpc_client_requests_in_flight", "gitlab_build_info", "limiter_limit", "limiter_block_duration_milliseconds",
                "grpc_server_started_total", "grpc_server_handled_total", "grpc_server_msg_received_total", "grpc_server_msg_sent_total",
                "grpc_client_started_total", "grpc_client_handled_total", "grpc_client_msg_received_total", "grpc_client_msg_sent_total");
        assertThat(families).allSatisfy(family -> assertThat(text).contains("# TYPE " + family + " ", "# HELP " + family + " "));
    }

    @Test
    @DisplayName("CO-36: a token that GitLab does not know is refused, which is no error")
    void unknownToken() throws Exception {
        try (SimulatedAgent stranger = new SimulatedAgent(AgentChannels.grpc(site.agentPort), "nobodys-token", "x")) {
            assertThatThrownBy(() -> stranger.register(1)).hasMessage("UNAUTHENTICATED: unauthenticated");
            Status end = stranger.configurations("").end().get(10, SECONDS);
            assertThat(end.getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
        }
        assertThat(site.server.err()).noneMatch(line -> line.contains("nobodys-token"));
        assertThat(site.server.log("GetAgentInfo()")).noneMatch(line -> line.path("error").asText().contains("401"));
    }

    @Test
    @DisplayName("CO-37: a file that is no YAML ends the stream and is a line at info with agent and project")
    void invalidFile(OmnibusSite.Agent agent) throws Exception {
        agent.commit("a: [\n");
        try (SimulatedAgent pod = agent.overWebSocket()) {
            Status end = pod.configurations("").end().get(10, SECONDS);
            assertThat(end.getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION);
            assertThat(end.getDescription()).startsWith("Config: failed to parse agent configuration: ");
        }
        assertThat(linesOf(agent, "Config: failed to fetch")).singleElement().satisfies(line -> {
            assertThat(line.path("level").asText()).isEqualTo("info");
            assertThat(line.path("project_id").asText()).isEqualTo(agent.project);
        });
    }

    @Test
    @DisplayName("CO-38: an agent without a file gets an empty configuration and one line a commit")
    void missingFile(OmnibusSite.Agent agent) throws Exception {
        agent.repository.commit("main", Map.of("README.md", "nothing for agents"));
        try (SimulatedAgent one = agent.overWebSocket(); SimulatedAgent two = agent.overGrpc()) {
            ConfigurationResponse response = one.configurations("").next(SOON);
            assertThat(response.getConfiguration().hasCiAccess()).isFalse();
            assertThat(response.getConfiguration().getAgentId()).isEqualTo(agent.id);
            assertThat(two.configurations("").next(SOON)).isEqualTo(response);
        }
        assertThat(linesOf(agent, "Config: failed to fetch")).singleElement().satisfies(line -> {
            assertThat(line.path("level").asText()).isEqualTo("warn");
            assertThat(line.path("error").asText()).isEqualTo("configuration file not found: \"" + agent.path() + "\"");
        });
    }

    private List<JsonNode> linesOf(OmnibusSite.Agent agent, String message) {
        return site.server.log(message).stream().filter(line -> line.path("agent_id").asLong() == agent.id).toList();
    }

    @Test
    @DisplayName("CO-34: at level debug a refused API token gives a line, without the token")
    void refusedApiToken() {
        assertThatThrownBy(() -> AgentTrackerGrpc.newBlockingStub(site.rails.with("some.other.token"))
                .getConnectedAgents(GetConnectedAgentsRequest.newBuilder().setAgentId(1).build()))
                .hasMessage("UNAUTHENTICATED: JWT validation failed");
        assertThat(site.server.awaitLog("JWT validation failed", SOON).path("level").asText()).isEqualTo("debug");
        assertThat(site.server.err()).noneMatch(line -> line.contains("some.other.token"));
    }

    @Test
    @DisplayName("CO-33: each line on standard error is one JSON object that begins with level, time and msg; standard output is empty")
    void lines(OmnibusSite.Agent agent) throws Exception {
        agent.commit("");
        try (SimulatedAgent pod = agent.overWebSocket()) {
            pod.configurations("").next(SOON);
        }
        assertThat(site.server.log()).isNotEmpty().allSatisfy(line -> {
            List<String> keys = new ArrayList<>();
            line.fieldNames().forEachRemaining(keys::add);
            assertThat(keys).startsWith("level", "time", "msg");
            assertThat(line.path("level").asText()).isIn("debug", "info", "warn", "error");
            assertThat(line.path("time").asText()).matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}(Z|[-+]\\d{4})");
        });
        assertThat(site.server.out()).isEmpty();
        assertThat(site.server.log("Agentk API endpoint is up")).singleElement()
                .satisfies(line -> assertThat(line.path("is_websocket").asBoolean()).isTrue());
        assertThat(site.server.err()).noneMatch(line -> line.contains(agent.token));
    }
}
