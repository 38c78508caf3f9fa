package org.openkas.app;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.openkas.proto.agentconfiguration.AgentConfigurationGrpc;
import org.openkas.proto.agentconfiguration.ConfigurationRequest;
import org.openkas.proto.agentconfiguration.ConfigurationResponse;
import org.openkas.proto.agentregistrar.AgentRegistrarGrpc;
import org.openkas.proto.agentregistrar.RegisterRequest;
import org.openkas.testkit.ConfiguredAgent;
import org.openkas.testkit.FakeGitLab;
import org.openkas.testkit.FakeGitaly;
import org.openkas.testkit.TestRepository;

/** The whole server as agents and GitLab meet it, without an application server. */
@Timeout(60)
class KasServerTest {
    private static final String LISTEN = "agent: {listen: {address: '127.0.0.1:0', websocket: true, listen_grace_period: 0.01s}}";

    @TempDir
    Path directory;

    /** What a configuration stream told its agent. */
    static final class Stream implements StreamObserver<ConfigurationResponse> {
        final BlockingQueue<ConfigurationResponse> configurations = new LinkedBlockingQueue<>();
        final CompletableFuture<Status> end = new CompletableFuture<>();

        static Stream open(ManagedChannel channel, String token, String lastCommit) {
            Stream stream = new Stream();
            AgentConfigurationGrpc.newStub(channel).withCallCredentials(ConfiguredAgent.bearer(token)).withCompression("gzip")
                    .getConfiguration(ConfigurationRequest.newBuilder().setCommitId(lastCommit).setSkipRegister(true).build(), stream);
            return stream;
        }

        ConfigurationResponse next() throws InterruptedException {
            ConfigurationResponse next = configurations.poll(10, SECONDS);
            assertThat(next).as("a configuration within 10 s; the stream's end: %s", end).isNotNull();
            return next;
        }

        @Override
        public void onNext(ConfigurationResponse response) {
            configurations.add(response);
        }

        @Override
        public void onError(Throwable failure) {
            end.complete(Status.fromThrowable(failure));
        }

        @Override
        public void onCompleted() {
            end.complete(Status.OK);
        }
    }

    private static String agentInfo(FakeGitaly gitaly) {
        return """
                {"project_id":7,"agent_id":42,"agent_name":"agent-42","gitaly_info":{"address":"%s","token":"t"},"gitaly_repository":{
                "storage_name":"default","relative_path":"group/project.git","gl_repository":"project-7","gl_project_path":"group/project"},
                "default_branch":"main"}""".formatted(gitaly.address());
    }

    @Test
    @DisplayName("AG-30: an agent gets its configuration from Gitaly, and GitLab is told of it")
    void configurationThroughGitaly() throws Exception {
        try (FakeGitLab gitLab = FakeGitLab.release19();
                FakeGitaly gitaly = FakeGitaly.onTcp();
                TestRepository repository = gitaly.repository("group/project", directory.resolve("repository"))) {
            String commit = repository.commit("main",
                    Map.of(".gitlab/agents/agent-42/config.yaml", "observability: {logging: {level: debug}}\n"));
            gitLab.agent("token", agentInfo(gitaly));
            try (RunningServer running = RunningServer.withGitLab(directory, gitLab, LISTEN)) {
                ManagedChannel channel = running.channel();
                Stream stream = Stream.open(channel, "token", "");
                ConfigurationResponse response = stream.next();
                assertThat(response.getCommitId()).isEqualTo(commit);
                assertThat(response.getConfiguration().getAgentId()).isEqualTo(42);
                assertThat(response.getConfiguration().getProjectPath()).isEqualTo("group/project");
                assertThat(response.getConfiguration().getGitlabExternalUrl()).isEqualTo("https://gitlab.example");
                await().atMost(10, SECONDS).untilAsserted(() -> assertThat(gitLab.requests(FakeGitLab.AGENT_CONFIGURATION)).hasSize(1));
                AgentRegistrarGrpc.newBlockingStub(channel).withCallCredentials(ConfiguredAgent.bearer("token"))
                        .register(RegisterRequest.newBuilder().setPodId(5).build());
                channel.shutdownNow();
            }
        }
    }

    @Test
    @DisplayName("A standalone server's agent gets each commit of its repository, and is gone when it is taken out of the file")
    void standalone() throws Exception {
        try (TestRepository repository = TestRepository.create(directory.resolve("repository"))) {
            String first = repository.commit("main", Map.of(".gitlab/agents/a/config.yaml", "ci_access: {projects: [{id: g/p}]}\n"));
            Path agents = Files.writeString(directory.resolve("agents.yaml"),
                    "agents: [{name: a, id: 3, token: secret-a, repository: %s}]".formatted(repository.directory()));
            try (RunningServer running = RunningServer.standalone(directory, agents)) {
                ManagedChannel channel = running.channel();
                Stream stream = Stream.open(channel, "secret-a", "");
                assertThat(stream.next().getCommitId()).isEqualTo(first);
                String second = repository.commit("main", Map.of(".gitlab/agents/a/config.yaml", "ci_access: {projects: [{id: g/q}]}\n"));
                ConfigurationResponse response = stream.next();
                assertThat(response.getCommitId()).isEqualTo(second);
                assertThat(response.getConfiguration().getCiAccess().getProjects(0).getId()).isEqualTo("g/q");

                Files.writeString(agents, "agents: []");
                Files.setLastModifiedTime(agents, FileTime.fromMillis(1_000_000_000_000L));
                assertThat(stream.end.get(10, SECONDS).getCode()).isEqualTo(Status.Code.OK);
                assertThat(Stream.open(channel, "secret-a", second).end.get(10, SECONDS).getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
                channel.shutdownNow();
            }
        }
    }

    @Test
    @DisplayName("AG-25: a drain lets waiting streams end with OK, and readiness stays")
    void drain() throws Exception {
        try (TestRepository repository = TestRepository.create(directory.resolve("repository"))) {
            repository.commit("main", Map.of(".gitlab/agents/a/config.yaml", ""));
            Path agents = Files.writeString(directory.resolve("agents.yaml"),
                    "agents: [{name: a, token: secret-a, repository: %s}]".formatted(repository.directory()));
            try (RunningServer running = RunningServer.standalone(directory, agents)) {
                assertThat(running.probes.readinessFailure()).isEmpty();
                ManagedChannel channel = running.channel();
                Stream stream = Stream.open(channel, "secret-a", "");
                stream.next();
                running.server.drain();
                assertThat(stream.end.get(10, SECONDS).getCode()).isEqualTo(Status.Code.OK);
                assertThat(running.probes.readinessFailure()).isEmpty();
                channel.shutdownNow();
            }
        }
    }
}
