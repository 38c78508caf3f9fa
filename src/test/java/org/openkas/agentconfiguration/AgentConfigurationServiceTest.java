package org.openkas.agentconfiguration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.openkas.agentconfiguration.ConfigurationBench.FILE;
import static org.openkas.agentconfiguration.ConfigurationBench.PATH;
import static org.openkas.agentconfiguration.ConfigurationBench.agent;
import static org.openkas.agentconfiguration.ConfigurationBench.failure;

import io.grpc.Status;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.openkas.agentconfiguration.ConfigurationBench.Agent;
import org.openkas.common.AgentToken;
import org.openkas.common.AgentType;
import org.openkas.common.LogLevel;
import org.openkas.gitlab.GitLabException;
import org.openkas.proto.agentcfg.AgentConfiguration;
import org.openkas.proto.agentconfiguration.ConfigurationRequest;
import org.openkas.proto.agentconfiguration.ConfigurationResponse;
import org.openkas.proto.agenttracker.ConnectedAgentInfo;
import org.openkas.proto.entity.AgentMeta;
import org.openkas.repository.RepositoryException;
import org.openkas.repository.RepositoryException.Code;
import org.openkas.repository.Resolution;
import org.openkas.testkit.RecordedLog;

class AgentConfigurationServiceTest {
    private final ConfigurationBench bench = new ConfigurationBench();

    @AfterEach
    void close() {
        bench.close();
    }

    private List<RecordedLog.Line> errors() {
        return bench.log.lines().stream().filter(line -> line.level() == LogLevel.ERROR).toList();
    }

    @Test
    @DisplayName("AG-30, GB-26: the agent gets its part of the file, GitLab the whole file")
    void delivers() {
        bench.commit("c1", "gitops: {manifest_projects: [{id: group/m}]}\nuser_access: {access_as: {agent: {}}}\n");
        Agent agent = bench.agentAt("");
        assertThat(agent.responses).singleElement().satisfies(response -> {
            assertThat(response.getCommitId()).isEqualTo("c1");
            AgentConfiguration configuration = response.getConfiguration();
            assertThat(configuration.getGitops().getManifestProjects(0).getId()).isEqualTo("group/m");
            assertThat(configuration.getAgentId()).isEqualTo(42);
            assertThat(configuration.getProjectId()).isEqualTo(7);
            assertThat(configuration.getProjectPath()).isEqualTo(PATH);
            assertThat(configuration.getGitlabExternalUrl()).isEqualTo("https://gitlab.example.com");
            assertThat(configuration.hasCiAccess()).isFalse();
        });
        assertThat(bench.reports).containsExactly(
                "42 c1 {\"gitops\":{\"manifest_projects\":[{\"id\":\"group/m\"}]},\"user_access\":{\"access_as\":{\"agent\":{}}}}");
        assertThat(agent.end).isEmpty();
        assertThat(bench.fetches).containsExactly("c1 " + FILE + " 131072");
        assertThat(bench.watches.opened).containsExactly(PATH + " refs/heads/main");
        assertThat(bench.log.lines("Config: new commit")).singleElement().satisfies(line -> {
            assertThat(line.level()).isEqualTo(LogLevel.INFO);
            assertThat(line.fields()).containsEntry("grpc_method", "GetConfiguration").containsEntry("agent_id", 42L)
                    .containsEntry("project_id", PATH).containsEntry("commit_id", "c1");
        });
    }

    @Test
    @DisplayName("AG-30, GB-27: a report that fails does not concern the agent")
    void reportFails() {
        bench.reportFailure = Optional.of(GitLabException.status(500, "/api/v4/internal/kubernetes/agent_configuration", ""));
        bench.commit("c1", "");
        assertThat(bench.agentAt("").commits()).containsExactly("c1");
        assertThat(errors()).singleElement().satisfies(line -> {
            assertThat(line.message()).isEqualTo("Failed to notify GitLab of new agent configuration");
            assertThat(line.fields()).containsEntry("agent_id", 42L).containsEntry("error",
                    "HTTP status code: 500 for path /api/v4/internal/kubernetes/agent_configuration");
        });
    }

    @Test
    @DisplayName("GB-27: GitLab does not know the agent any more")
    void reportOfDeletedAgent() {
        bench.reportFailure = Optional.of(GitLabException.status(404, "/p", ""));
        bench.commit("c1", "");
        assertThat(bench.agentAt("").commits()).containsExactly("c1");
        assertThat(errors()).isEmpty();
        assertThat(bench.log.lines("Failed to notify GitLab of new agent configuration. Deleted agent?")).singleElement()
                .satisfies(line -> assertThat(line.level()).isEqualTo(LogLevel.DEBUG));
    }

    @Test
    @DisplayName("AG-31: an agent that is up to date waits; a push wakes its poller, but only for exactly its project")
    void waitsAndWakes() {
        bench.commit("c1", "");
        Agent agent = bench.agentAt("c1");
        assertThat(agent.responses).isEmpty();
        assertThat(agent.end).isEmpty();
        assertThat(bench.log.lines("Config: no updates")).singleElement().satisfies(line -> {
            assertThat(line.level()).isEqualTo(LogLevel.DEBUG);
            assertThat(line.fields()).containsEntry("commit_id", "c1");
        });

        bench.watches.onPoke = () -> bench.commit("c2", "");
        bench.pushes.push("Group/project");
        bench.pushes.push("group");
        assertThat(bench.watches.pokes).isZero();
        bench.pushes.push(PATH);
        assertThat(agent.commits()).containsExactly("c2");
        assertThat(bench.fetches).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "# comment\n"})
    @DisplayName("AG-32: a file without content is an empty configuration")
    void emptyFile(String content) {
        bench.commit("c1", content);
        assertThat(bench.agentAt("").responses).containsExactly(emptyConfiguration());
        assertThat(bench.log.lines("Config: failed to fetch")).isEmpty();
    }

    @Test
    @DisplayName("AG-32, GB-50, GB-26, CO-38: a missing file is an empty configuration and one line per agent and commit")
    void missingFile() {
        bench.watches.tell(new Resolution.Commit("c1"));
        Agent one = bench.agentAt("");
        Agent two = bench.agentAt("");
        assertThat(one.responses).containsExactly(emptyConfiguration());
        assertThat(two.responses).containsExactly(emptyConfiguration());
        assertThat(bench.reports).containsExactly("42 c1 {}", "42 c1 {}");
        assertThat(bench.log.lines("Config: failed to fetch")).singleElement().satisfies(line -> {
            assertThat(line.level()).isEqualTo(LogLevel.WARN);
            assertThat(line.fields()).containsEntry("agent_id", 42L).containsEntry("error",
                    "configuration file not found: \"" + FILE + "\"");
        });

        bench.watches.tell(new Resolution.Commit("c2"));
        assertThat(bench.log.lines("Config: failed to fetch")).hasSize(2);
    }

    private static ConfigurationResponse emptyConfiguration() {
        return ConfigurationResponse.newBuilder().setCommitId("c1").setConfiguration(AgentConfiguration.newBuilder().setAgentId(42)
                .setProjectId(7).setProjectPath(PATH).setGitlabExternalUrl("https://gitlab.example.com")).build();
    }

    @Test
    @DisplayName("AG-33: a repository without commits sends nothing until the first push")
    void emptyRepository() {
        bench.watches.tell(new Resolution.Empty());
        Agent agent = bench.agentAt("");
        assertThat(agent.responses).isEmpty();
        assertThat(agent.end).isEmpty();
        assertThat(bench.log.lines("Config: empty repository")).hasSize(1);
        bench.commit("c1", "");
        assertThat(agent.commits()).containsExactly("c1");
    }

    @Test
    @DisplayName("AG-34: the default branch does not exist")
    void noBranch() {
        Agent agent = bench.agentAt("");
        bench.watches.fail(failure(Code.NOT_FOUND, "NotFound: InfoRefsUploadPack: file/directory/ref not found: refs/heads/main"));
        assertEnded(agent, Status.Code.NOT_FOUND,
                "Config: repository poll failed: NotFound: InfoRefsUploadPack: file/directory/ref not found: refs/heads/main");
        assertThat(bench.log.lines()).isEmpty();
        assertIdle();
    }

    @Test
    void otherPollFailuresAreReportedOnceAndWaitedOut() {
        Agent one = bench.agentAt("");
        Agent two = bench.agentAt("");
        bench.watches.fail(failure(Code.RPC_ERROR, "RpcError: InfoRefsUploadPack: rpc error: code = Unavailable desc = x"));
        assertThat(errors()).singleElement().satisfies(line -> {
            assertThat(line.message()).isEqualTo("Config: repository poll failed");
            assertThat(line.fields()).containsEntry("agent_id", 42L).containsEntry("project_id", PATH).containsEntry("error",
                    "RpcError: InfoRefsUploadPack: rpc error: code = Unavailable desc = x");
        });
        bench.commit("c1", "");
        assertThat(one.commits()).containsExactly("c1");
        assertThat(two.commits()).containsExactly("c1");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            FILE_TOO_BIG | FileTooBig: TreeEntry: file is too big: p: rpc error: code = FailedPrecondition desc = object size (2) is bigger
            UNEXPECTED_TREE_ENTRY_TYPE | UnexpectedTreeEntryType: TreeEntry.Recv: file is not a usual file: p
            """)
    @DisplayName("AG-35, GB-50: files that cannot be taken end the stream, and are a line at info")
    void unusableFile(Code code, String message) {
        bench.reader = (_, _, _, _) -> {
            throw failure(code, message);
        };
        bench.watches.tell(new Resolution.Commit("c1"));
        Agent agent = bench.agentAt("");
        assertEnded(agent, Status.Code.FAILED_PRECONDITION, "Config: agent configuration file: " + message);
        assertThat(bench.log.lines("Config: failed to fetch")).singleElement().satisfies(line -> {
            assertThat(line.level()).isEqualTo(LogLevel.INFO);
            assertThat(line.fields()).containsEntry("error", "agent configuration file: " + message);
        });
        assertThat(bench.reports).isEmpty();
        assertIdle();
    }

    @Test
    @DisplayName("AG-36, CO-37: mistakes in the file end the stream, and are a line at info with agent and project")
    void mistakesInTheFile() {
        bench.commit("c1", "a:\n\tb");
        Agent agent = bench.agentAt("");
        assertThat(agent.end).hasValueSatisfying(status -> {
            assertThat(status.getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION);
            assertThat(status.getDescription()).startsWith("Config: failed to parse agent configuration: YAMLToJSON: yaml: line 2: ");
        });
        assertThat(bench.log.lines("Config: failed to fetch")).singleElement().satisfies(line -> {
            assertThat(line.level()).isEqualTo(LogLevel.INFO);
            assertThat(line.fields()).containsEntry("agent_id", 42L).containsEntry("project_id", PATH).containsKey("error");
        });
        assertThat(errors()).isEmpty();
        bench.commit("c2", "container_scanning: {}");
        assertThat(bench.agentAt("").end.orElseThrow().getDescription()).startsWith("Config: invalid agent configuration: ");
        bench.commit("c3", "gitops: &g {manifest_projects: [*g]}");
        assertEnded(bench.agentAt(""), Status.Code.FAILED_PRECONDITION,
                "Config: failed to parse agent configuration: YAMLToJSON: yaml: anchor 'g' value contains itself");
        assertIdle();
    }

    @Test
    @DisplayName("even an error of the runtime leaves no stream behind")
    void errorsOfTheRuntime() {
        bench.reader = (_, _, _, _) -> {
            throw new StackOverflowError();
        };
        bench.watches.tell(new Resolution.Commit("c1"));
        assertEnded(bench.agentAt(""), Status.Code.INTERNAL, "Config: unexpected failure");
        assertThat(errors()).singleElement().satisfies(line -> assertThat(line.message()).isEqualTo("Config: unexpected failure"));
        assertIdle();
    }

    @ParameterizedTest
    @DisplayName("GB-50: a fetch that Gitaly gave up is tried again without a line at error")
    @EnumSource(value = Status.Code.class, names = {"CANCELLED", "DEADLINE_EXCEEDED"})
    void abandonedFetch(Status.Code code) {
        bench.reader = (_, _, path, _) -> {
            throw RepositoryException.rpcFailed("TreeEntry.Recv", path, code.toStatus().withDescription("x").asRuntimeException());
        };
        bench.watches.tell(new Resolution.Commit("c1"));
        Agent agent = bench.agentAt("");
        assertThat(errors()).isEmpty();
        assertThat(agent.end).isEmpty();
        bench.reader = (_, _, path, _) -> {
            throw RepositoryException.rpcFailed("TreeEntry.Recv", path,
                    code.toStatus().withDescription("Failed to read message.").withCause(new IOException("x")).asRuntimeException());
        };
        bench.timers.advance(Duration.ofSeconds(20));
        assertThat(errors()).hasSize(1);
    }

    @Test
    @DisplayName("AG-36 (b), NR-022, NR-023: unknown settings withhold nothing and are named once per agent and commit")
    void unknownSettings() {
        bench.commit("c1", "foo: 1\nci_access: {instance: {}, projects: [{id: a, resource_management: {enabled: true}}]}\n");
        assertThat(bench.agentAt("").commits()).containsExactly("c1");
        assertThat(bench.agentAt("").commits()).containsExactly("c1");
        assertThat(bench.log.lines("Config: unknown settings ignored")).singleElement().satisfies(line -> {
            assertThat(line.level()).isEqualTo(LogLevel.INFO);
            assertThat(line.fields()).containsEntry("settings", "ci_access.instance, ci_access.projects[0].resource_management, foo");
        });
        assertThat(bench.reports.getFirst()).contains("\"resource_management\":{\"enabled\":true}").contains("\"instance\":{}");
    }

    @Test
    @DisplayName("AG-37, GB-50: a fetch that may work later is reported and tried again after 10 to 20 s")
    void fetchFails() {
        bench.files.put("c1", "");
        ConfigurationFiles working = bench.reader;
        bench.reader = (_, _, _, _) -> {
            throw failure(Code.RPC_ERROR, "RpcError: TreeEntry.Recv: rpc error: code = Internal desc = x");
        };
        bench.watches.tell(new Resolution.Commit("c1"));
        Agent agent = bench.agentAt("");
        assertThat(errors()).singleElement().satisfies(line -> {
            assertThat(line.message()).isEqualTo("Config: failed to fetch");
            assertThat(line.fields()).containsEntry("error",
                    "fetch agent configuration: RpcError: TreeEntry.Recv: rpc error: code = Internal desc = x");
        });
        bench.reader = working;
        bench.timers.advance(Duration.ofMillis(9_999));
        assertThat(agent.responses).isEmpty();
        assertThat(agent.end).isEmpty();
        bench.timers.advance(Duration.ofMillis(10_001));
        assertThat(agent.commits()).containsExactly("c1");
    }

    @Test
    void aPushEndsTheWaitAfterAFailedFetch() {
        ConfigurationFiles working = bench.reader;
        bench.reader = (_, _, _, _) -> {
            throw failure(Code.RPC_ERROR, "RpcError: x");
        };
        bench.commit("c1", "");
        Agent agent = bench.agentAt("");
        bench.reader = working;
        bench.pushes.push(PATH);
        assertThat(agent.commits()).containsExactly("c1");
    }

    @Test
    @DisplayName("AG-38: without skip_register the agent shows as connected while the stream is open")
    void registers() {
        AgentMeta meta = AgentMeta.newBuilder().setVersion("v14.2.0").setPodName("pod").build();
        Agent agent = bench.call(ConfigurationRequest.newBuilder().setAgentMeta(meta).build());
        assertThat(bench.tracker.connected).singleElement().satisfies(connection -> {
            assertThat(connection.getAgentMeta()).isEqualTo(meta);
            assertThat(connection.getAgentId()).isEqualTo(42);
            assertThat(connection.getProjectId()).isEqualTo(7);
            assertThat(connection.getConnectionId()).isPositive();
            assertThat(connection.getConnectedAt().getSeconds()).isEqualTo(bench.timers.now().getEpochSecond());
        });
        ConnectedAgentInfo first = bench.tracker.connected.getFirst();
        bench.timers.advance(Duration.ofMinutes(11));
        assertThat(bench.tracker.connected).containsExactly(first);
        agent.cancel();
        assertThat(bench.tracker.connected).isEmpty();
    }

    @Test
    @DisplayName("AG-38: with skip_register the agent never shows through this call")
    void doesNotRegister() {
        bench.agentAt("");
        assertThat(bench.tracker.connected).isEmpty();
    }

    @Test
    @DisplayName("AG-38: whatever ends the stream, the agent is unregistered")
    void unregistersAtEveryEnd() {
        Agent agent = bench.call(ConfigurationRequest.getDefaultInstance());
        assertThat(bench.tracker.connected).hasSize(1);
        bench.watches.fail(failure(Code.NOT_FOUND, "NotFound: x"));
        assertThat(agent.end).isPresent();
        assertThat(bench.tracker.connected).isEmpty();
    }

    @Test
    void trackerFailuresAreReportedAndNothingElse() {
        bench.tracker.broken = true;
        bench.commit("c1", "");
        Agent agent = bench.call(ConfigurationRequest.getDefaultInstance());
        assertThat(agent.commits()).containsExactly("c1");
        bench.age.end();
        assertThat(agent.end).contains(Status.OK);
        assertThat(errors().stream().map(RecordedLog.Line::message)).containsExactly("Failed to register agent",
                "Failed to unregister agent");
    }

    @Test
    @DisplayName("AG-28: GitLab cannot be asked: the stream stays open, the configuration comes after 10 to 20 s")
    void gitLabUnavailable() {
        bench.agents = (_, _) -> {
            throw Status.UNAVAILABLE.withDescription("unavailable").asException();
        };
        bench.commit("c1", "");
        Agent agent = bench.agentAt("");
        bench.agents = (_, _) -> agent("main");
        bench.timers.advance(Duration.ofMillis(9_999));
        assertThat(agent.responses).isEmpty();
        assertThat(agent.end).isEmpty();
        bench.timers.advance(Duration.ofMillis(10_001));
        assertThat(agent.commits()).containsExactly("c1");
    }

    @Test
    void waitsGrowToTwoMinutes() {
        int[] lookUps = {0};
        bench.agents = (_, _) -> {
            lookUps[0]++;
            throw Status.UNAVAILABLE.asException();
        };
        bench.agentAt("");
        // 10 + 20 + 40 s at least, twice that at most
        bench.timers.advance(Duration.ofSeconds(140));
        assertThat(lookUps[0]).isBetween(4, 6);
        bench.timers.advance(Duration.ofMinutes(60));
        assertThat(lookUps[0]).isBetween(4 + 30, 6 + 60);
    }

    @ParameterizedTest
    @CsvSource({"UNAUTHENTICATED,unauthenticated", "PERMISSION_DENIED,forbidden", "NOT_FOUND,agent not found"})
    @DisplayName("GB-19, CO-36: other answers end the stream, without a line at error")
    void refused(Status.Code code, String text) {
        bench.agents = (_, _) -> {
            throw code.toStatus().withDescription(text).asException();
        };
        assertEnded(bench.agentAt(""), code, text);
        assertThat(bench.log.lines()).isEmpty();
        assertIdle();
    }

    @Test
    void revokedTokenEndsTheStreamWithinOnePeriod() {
        bench.commit("c1", "");
        Agent agent = bench.agentAt("c1");
        bench.agents = (_, _) -> {
            throw Status.UNAUTHENTICATED.withDescription("unauthenticated").asException();
        };
        bench.timers.advance(Duration.ofMinutes(5).minusMillis(1));
        assertThat(agent.end).isEmpty();
        bench.timers.advance(Duration.ofMillis(1));
        assertEnded(agent, Status.Code.UNAUTHENTICATED, "unauthenticated");
        assertIdle();
    }

    @Test
    void revokedTokenGetsNoMoreConfiguration() {
        bench.commit("c1", "");
        Agent agent = bench.agentAt("c1");
        bench.agents = (_, _) -> {
            throw Status.UNAUTHENTICATED.withDescription("unauthenticated").asException();
        };
        bench.commit("c2", "");
        assertThat(agent.responses).isEmpty();
        assertEnded(agent, Status.Code.UNAUTHENTICATED, "unauthenticated");
    }

    @Test
    void followsABranchOrProjectThatMoves() {
        bench.commit("c1", "");
        Agent agent = bench.agentAt("c1");
        bench.agents = (_, _) -> agent("develop", "group/renamed");
        bench.timers.advance(Duration.ofMinutes(5));
        assertThat(bench.watches.opened).containsExactly(PATH + " refs/heads/main", "group/renamed refs/heads/develop");
        assertThat(bench.watches.holds).hasSize(1);
        bench.pushes.push(PATH);
        assertThat(bench.watches.pokes).isZero();
        bench.pushes.push("group/renamed");
        assertThat(bench.watches.pokes).isEqualTo(1);
        assertThat(agent.end).isEmpty();
    }

    @Test
    void sameRepositoryIsNotWatchedAnew() {
        bench.commit("c1", "");
        bench.agentAt("c1");
        bench.timers.advance(Duration.ofMinutes(30));
        assertThat(bench.watches.opened).hasSize(1);
    }

    @Test
    @DisplayName("NR-016: tokens of other kinds are never checked as those of agentk")
    void otherKinds() {
        bench.token = new AgentToken(AgentType.RUNNER, "glrt-x");
        bench.agents = (_, _) -> {
            throw new AssertionError("asked");
        };
        assertEnded(bench.agentAt(""), Status.Code.UNAUTHENTICATED, "unauthenticated");
    }

    @Test
    void waitingEndsWithTheAgeOfTheCall() {
        bench.commit("c1", "");
        Agent waiting = bench.agentAt("c1");
        bench.agents = (_, _) -> {
            throw Status.UNAVAILABLE.asException();
        };
        Agent backingOff = bench.agentAt("");
        bench.age.end();
        assertThat(waiting.end).contains(Status.OK);
        assertThat(backingOff.end).contains(Status.OK);
        assertThat(bench.agentAt("").end).contains(Status.OK);
        assertIdle();
    }

    @Test
    void aDeliveryThatRunsIsFinishedBeforeTheAgeEndsTheStream() {
        ConfigurationFiles working = bench.reader;
        bench.reader = (repository, commit, path, size) -> {
            bench.age.end();
            return working.file(repository, commit, path, size);
        };
        bench.commit("c1", "");
        Agent agent = bench.agentAt("");
        assertThat(agent.commits()).containsExactly("c1");
        assertThat(agent.end).contains(Status.OK);
        assertIdle();
    }

    @Test
    void cancellationLeavesNothingBehind() {
        bench.commit("c1", "");
        Agent agent = bench.agentAt("c1");
        assertThat(bench.timers.pending()).isEqualTo(1);
        agent.cancel();
        assertIdle();
        bench.commit("c2", "");
        assertThat(bench.fetches).isEmpty();
    }

    @Test
    void aClientThatDoesNotReadCostsNoMessages() {
        bench.commit("c1", "");
        Agent agent = bench.lazyAgent();
        bench.commit("c2", "");
        bench.commit("c3", "");
        assertThat(bench.fetches).isEmpty();
        agent.read(1);
        assertThat(agent.commits()).containsExactly("c3");
        bench.commit("c4", "");
        bench.commit("c5", "");
        assertThat(bench.fetches).hasSizeLessThanOrEqualTo(2);
        agent.read(2);
        assertThat(agent.commits()).endsWith("c5");
    }

    @Test
    void manyStreamsOfOneAgentCostOneReadAndOnePoke() {
        bench.commit("c1", "");
        List<Agent> agents = IntStream.range(0, 1000).mapToObj(_ -> bench.agentAt("")).toList();
        assertThat(agents).allSatisfy(agent -> assertThat(agent.commits()).containsExactly("c1"));
        assertThat(bench.fetches).hasSize(1);
        assertThat(bench.pushes.listeners).hasSize(1);
        bench.pushes.push(PATH);
        assertThat(bench.watches.pokes).isEqualTo(1);
    }

    private static void assertEnded(Agent agent, Status.Code code, String text) {
        assertThat(agent.end).hasValueSatisfying(status -> {
            assertThat(status.getCode()).isEqualTo(code);
            assertThat(status.getDescription()).isEqualTo(text);
        });
    }

    /** Nothing is held for streams that have ended. */
    private void assertIdle() {
        assertThat(bench.watches.holds).isEmpty();
        assertThat(bench.timers.pending()).isZero();
        assertThat(bench.age.waiting()).isZero();
        int pokes = bench.watches.pokes;
        bench.pushes.push(PATH);
        assertThat(bench.watches.pokes).isEqualTo(pokes);
    }
}
