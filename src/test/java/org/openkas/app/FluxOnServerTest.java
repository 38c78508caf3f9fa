package org.openkas.app;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.openkas.proto.flux.GitLabFluxGrpc;
import org.openkas.proto.flux.Project;
import org.openkas.proto.flux.ReconcileProjectsRequest;
import org.openkas.proto.flux.ReconcileProjectsResponse;
import org.openkas.testkit.ConfiguredAgent;
import org.openkas.testkit.FakeGitLab;
import org.openkas.testkit.FreePorts;
import org.openkas.testkit.GitLabAnswer;
import org.openkas.testkit.ModuleStream;
import org.openkas.testkit.Rails;
import org.openkas.testkit.TestRepository;

/** From a push that GitLab tells of to the agents whose clusters watch the project, and to the report of it. */
@Timeout(60)
class FluxOnServerTest {
    private static final String LISTEN = "agent: {listen: {address: '127.0.0.1:0', listen_grace_period: 0.01s}}";
    private static final String ACCESS = "/internal/kubernetes/verify_project_access";
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    @TempDir
    Path directory;

    private static final class Stream implements StreamObserver<ReconcileProjectsResponse> {
        final List<String> told = new CopyOnWriteArrayList<>();
        final CompletableFuture<Status> end = new CompletableFuture<>();

        static Stream open(Channel channel, String service, String... paths) {
            ReconcileProjectsRequest.Builder request = ReconcileProjectsRequest.newBuilder();
            for (String path : paths) {
                request.addProject(Project.newBuilder().setId(path));
            }
            MethodDescriptor<ReconcileProjectsRequest, ReconcileProjectsResponse> method = GitLabFluxGrpc.getReconcileProjectsMethod()
                    .toBuilder().setFullMethodName(service + "/ReconcileProjects").build();
            Stream stream = new Stream();
            ClientCalls.asyncServerStreamingCall(channel.newCall(method, io.grpc.CallOptions.DEFAULT
                    .withCallCredentials(ConfiguredAgent.bearer("token")).withCompression("gzip")), request.build(), stream);
            return stream;
        }

        @Override
        public void onNext(ReconcileProjectsResponse response) {
            told.add(response.getProject().getId());
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

    private static void awaitListening(RunningServer running, int streams) {
        await().atMost(PATIENCE).until(() -> running.log.lines("Started reconcile projects ...").size() == streams);
    }

    @ParameterizedTest
    @ValueSource(strings = {"gitlab.agent.flux.rpc.GitLabFlux", "gitlab.agent.flux_of_later.rpc.GitLabFlux"})
    @DisplayName("AG-59, GB-57: a push that Rails tells of reaches the agent, whatever its service is called; the usage is reported at the end")
    void pushed(String service) throws Exception {
        int api = FreePorts.some(1).getFirst();
        try (FakeGitLab gitLab = FakeGitLab.release19(); Rails rails = new Rails(api, FakeGitLab.SECRET)) {
            gitLab.agent("token", 42, 7, "group/project");
            gitLab.always(ACCESS,
                    request -> request.query().equals("id=g%2Fp") ? GitLabAnswer.status(204) : GitLabAnswer.status(403));
            RunningServer running = RunningServer.withGitLab(directory, gitLab, LISTEN, "127.0.0.1:" + api);
            ManagedChannel channel = running.channel();
            try {
                Stream stream = Stream.open(channel, service, "g/p", "g/r");
                awaitListening(running, 1);
                rails.pushed(3, "g/q");
                rails.pushed(2, "g/r");
                rails.pushed(1, "g/p");
                await().atMost(PATIENCE).until(() -> !stream.told.isEmpty());
                assertThat(stream.told).containsExactly("g/p");
                assertThat(gitLab.requests(ACCESS)).hasSize(2);
                assertThat(gitLab.requests(FakeGitLab.USAGE_METRICS)).isEmpty();

                running.server.drain();
                assertThat(stream.end.get(20, SECONDS)).isEqualTo(Status.OK);
            } finally {
                channel.shutdownNow();
                running.close();
            }
            assertThat(gitLab.requests(FakeGitLab.USAGE_METRICS)).singleElement()
                    .satisfies(seen -> assertThat(seen.bodyText()).isEqualTo("{\"counters\":{\"flux_git_push_notifications_total\":1},"
                            + "\"unique_counters\":{\"flux_git_push_notified_unique_projects\":[1]}}"));
        }
    }

    @Test
    @DisplayName("CO-44, GB-57: a period of zero means no report, also at the end")
    void noReports() throws Exception {
        int api = FreePorts.some(1).getFirst();
        try (FakeGitLab gitLab = FakeGitLab.release19(); Rails rails = new Rails(api, FakeGitLab.SECRET)) {
            gitLab.agent("token", 42, 7, "group/project");
            gitLab.always(ACCESS, request -> GitLabAnswer.status(204));
            try (RunningServer running = RunningServer.withGitLab(directory, gitLab,
                    LISTEN + "\nobservability: {listen: {address: '127.0.0.1:0'}, usage_reporting_period: 0s}", "127.0.0.1:" + api)) {
                ManagedChannel channel = running.channel();
                Stream stream = Stream.open(channel, GitLabFluxGrpc.SERVICE_NAME, "g/p");
                awaitListening(running, 1);
                rails.pushed(1, "g/p");
                await().atMost(PATIENCE).until(() -> stream.told.size() == 1);
                channel.shutdownNow();
            }
            assertThat(gitLab.requests(FakeGitLab.USAGE_METRICS)).isEmpty();
        }
    }

    @Test
    @DisplayName("Without GitLab an agent's stream waits, and what its modules ask for is refused")
    void standalone() throws Exception {
        try (TestRepository repository = TestRepository.create(directory.resolve("repository"))) {
            repository.commit("main", java.util.Map.of("a", "b"));
            Path agents = Files.writeString(directory.resolve("agents.yaml"),
                    "agents: [{name: a, id: 3, token: token, repository: %s}]".formatted(repository.directory()));
            try (RunningServer running = RunningServer.standalone(directory, agents)) {
                ManagedChannel channel = running.channel();
                Stream stream = Stream.open(channel, GitLabFluxGrpc.SERVICE_NAME, "g/p");
                awaitListening(running, 1);
                assertThat(stream.end).isNotDone();
                ModuleStream module = ModuleStream.open(channel, "token");
                Status end = module.end().get(20, SECONDS);
                assertThat(end.getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION);
                assertThat(end.getDescription()).isEqualTo("gRPC -> HTTP: this server runs without GitLab (standalone)");
                channel.shutdownNow();
            }
        }
    }
}
