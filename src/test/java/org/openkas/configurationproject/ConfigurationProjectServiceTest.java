package org.openkas.configurationproject;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import com.google.rpc.Code;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.StreamObserver;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openkas.common.BuildInfo;
import org.openkas.common.LogLevel;
import org.openkas.common.SystemTimers;
import org.openkas.gitaly.GitalyRepositoryReader;
import org.openkas.gitaly.RateLimitObserver;
import org.openkas.gitaly.RateLimits;
import org.openkas.grpc.CallContext;
import org.openkas.grpc.MessageValidation;
import org.openkas.message.MessageRules;
import org.openkas.proto.configurationproject.AgentConfigFile;
import org.openkas.proto.configurationproject.ConfigurationProjectGrpc;
import org.openkas.proto.configurationproject.ListAgentConfigFilesRequest;
import org.openkas.proto.configurationproject.ListAgentConfigFilesResponse;
import org.openkas.proto.entity.GitalyInfo;
import org.openkas.proto.gitaly.GetTreeEntriesError;
import org.openkas.proto.gitaly.GetTreeEntriesRequest;
import org.openkas.proto.gitaly.GetTreeEntriesResponse;
import org.openkas.proto.gitaly.ResolveRevisionError;
import org.openkas.repository.Repository;
import org.openkas.repository.RepositoryReader;
import org.openkas.repository.Resolution;
import org.openkas.testkit.FakeGitaly;
import org.openkas.testkit.FakeTimers;
import org.openkas.testkit.RecordedLog;
import org.openkas.testkit.TestRepository;

class ConfigurationProjectServiceTest {
    private static final String ABSENT_COMMIT = "1234567890123456789012345678901234567890";

    @TempDir
    Path temporary;
    private final FakeGitaly gitaly = FakeGitaly.onTcp();
    private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
    private final SystemTimers timers = new SystemTimers(executor);
    private final RecordedLog log = new RecordedLog();
    private GitalyRepositoryReader reader;
    private Server server;
    private ManagedChannel channel;
    private ConfigurationProjectGrpc.ConfigurationProjectBlockingStub stub;
    private TestRepository project;

    @BeforeEach
    void start() throws Exception {
        reader = new GitalyRepositoryReader(new RateLimits(10_000, 10_000, 10_000, 10_000), BuildInfo.UNKNOWN, timers, new Random(1),
                Map.of(), List.of(), RateLimitObserver.NONE);
        String name = UUID.randomUUID().toString();
        server = InProcessServerBuilder.forName(name).directExecutor().intercept(new ServerInterceptor() {
            @Override
            public <I, O> ServerCall.Listener<I> interceptCall(ServerCall<I, O> call, Metadata headers, ServerCallHandler<I, O> next) {
                return Contexts.interceptCall(Context.current().withValue(CallContext.LOG, log.log()), call, headers, next);
            }
        }).intercept(new MessageValidation(MessageRules::violations)).addService(new ConfigurationProjectService(reader, executor)).build()
                .start();
        channel = InProcessChannelBuilder.forName(name).directExecutor().build();
        stub = ConfigurationProjectGrpc.newBlockingStub(channel);
        project = gitaly.repository("group/project", temporary.resolve("project.git"));
    }

    @AfterEach
    void stop() {
        channel.shutdownNow();
        server.shutdownNow();
        reader.close();
        gitaly.close();
        timers.close();
        executor.shutdownNow();
    }

    @Test
    @DisplayName("RA-29: a failure that nobody foresaw is an answer too")
    void unforeseen() {
        List<Status> answers = new CopyOnWriteArrayList<>();
        new ConfigurationProjectService(new OnlyFailing(), executor).listAgentConfigFiles(request().build(), new StreamObserver<>() {
            @Override
            public void onNext(ListAgentConfigFilesResponse answer) {
                answers.add(Status.OK);
            }

            @Override
            public void onError(Throwable failure) {
                answers.add(Status.fromThrowable(failure));
            }

            @Override
            public void onCompleted() {
                answers.add(Status.OK);
            }
        });
        await().until(() -> !answers.isEmpty());
        assertThat(answers).singleElement().satisfies(status -> {
            assertThat(status.getCode()).isEqualTo(Status.Code.UNKNOWN);
            assertThat(status.getDescription()).contains("nobody foresaw this");
        });
    }

    private static final class OnlyFailing implements RepositoryReader {
        @Override
        public Resolution resolve(Repository repository, String ref) {
            throw new IllegalStateException("nobody foresaw this");
        }

        @Override
        public void read(Repository repository, String revision, String path, long maximumSize, Chunks chunks) {
            throw new IllegalStateException("nobody foresaw this");
        }

        @Override
        public void walk(Repository repository, String revision, String directory, boolean recursive, Visitor visitor) {
            throw new IllegalStateException("nobody foresaw this");
        }
    }

    private ListAgentConfigFilesRequest.Builder request() {
        return ListAgentConfigFilesRequest.newBuilder().setRepository(FakeGitaly.repository("group/project"))
                .setGitalyInfo(gitaly.info(""));
    }

    private List<String> agents(ListAgentConfigFilesRequest request) {
        return stub.listAgentConfigFiles(request).getConfigFilesList().stream().map(AgentConfigFile::getAgentName).toList();
    }

    private void assertFails(Status.Code code, String text) {
        assertThatThrownBy(() -> stub.listAgentConfigFiles(request().build())).isInstanceOfSatisfying(StatusRuntimeException.class,
                failure -> {
                    assertThat(failure.getStatus().getCode()).isEqualTo(code);
                    assertThat(failure.getStatus().getDescription()).isEqualTo(text);
                    if (log.lines().size() > 0) {
                        assertThat(text).isEqualTo("PathFetcher: " + log.lines().getLast().fields().get("error"));
                    }
                });
    }

    private void assertLogged(boolean withProject) {
        assertThat(log.lines()).singleElement().satisfies(line -> {
            assertThat(line.level()).isEqualTo(LogLevel.ERROR);
            assertThat(line.message()).isEqualTo("PathFetcher");
            assertThat(line.fields().get("project_id")).isEqualTo(withProject ? "group/project" : null);
        });
    }

    @Test
    @DisplayName("RA-24, RA-25 exactly the configuration files of well-named agents")
    void listsAgents() {
        project.commit("main",
                new TestRepository.Change().file(".gitlab/agents/a/config.yaml", "broken: [").file(".gitlab/agents/b-1/config.yaml", "")
                        .file(".gitlab/agents/B/config.yaml", "").file(".gitlab/agents/-c/config.yaml", "")
                        .file(".gitlab/agents/c-/config.yaml", "")
                        .file(".gitlab/agents/d/e/config.yaml", "").file(".gitlab/agents/f/config.yml", "")
                        .file(".gitlab/agents/config.yaml", "")
                        .file(".gitlab/agents/g.h/config.yaml", "").file(".gitlab/agents/x/config.yaml/file", "")
                        .file(".gitlab/agents/i/xconfig.yaml", "")
                        .submodule(".gitlab/agents/m/config.yaml", ABSENT_COMMIT).file("x/.gitlab/agents/n/config.yaml", ""));

        assertThat(stub.listAgentConfigFiles(request().build()).getConfigFilesList()).containsExactly(
                AgentConfigFile.newBuilder().setName(".gitlab/agents/a/config.yaml").setAgentName("a").build(),
                AgentConfigFile.newBuilder().setName(".gitlab/agents/b-1/config.yaml").setAgentName("b-1").build());
        assertThat(gitaly.calls("TreeEntry")).isEmpty();
        GetTreeEntriesRequest asked = gitaly.calls().getFirst().request(GetTreeEntriesRequest.class);
        assertThat(asked.getRecursive()).isTrue();
        assertThat(asked.getPath().toStringUtf8()).isEqualTo(".gitlab/agents");
    }

    @Test
    @DisplayName("RA-26 an empty repository and one without agents have none")
    void emptyLists() {
        assertThat(agents(request().build())).isEmpty();
        project.commit("main", Map.of("readme", ""));
        assertThat(agents(request().build())).isEmpty();
        for (FakeGitaly.Version version : FakeGitaly.Version.values()) {
            gitaly.version(version);
            assertThat(agents(request().build())).isEmpty();
        }
        assertThat(log.lines()).isEmpty();
    }

    @Test
    @DisplayName("RA-27 the revision is the full name of the branch, or HEAD")
    void revisions() {
        project.commit("main", Map.of(".gitlab/agents/a/config.yaml", ""));
        assertThat(agents(request().setDefaultBranch("main").build())).containsExactly("a");
        assertThat(agents(request().setDefaultBranch("refs/heads/main").build())).containsExactly("a");
        assertThat(agents(request().build())).containsExactly("a");
        assertThat(gitaly.calls()).extracting(call -> call.request(GetTreeEntriesRequest.class).getRevision().toStringUtf8())
                .containsExactly("refs/heads/main", "refs/heads/main", "HEAD");
    }

    @Test
    @DisplayName("RA-28 a missing branch has no agents")
    void missingBranch() {
        project.commit("main", Map.of(".gitlab/agents/a/config.yaml", ""));
        assertThat(agents(request().setDefaultBranch("absent").build())).isEmpty();
    }

    @Test
    @DisplayName("RA-29 Gitaly unreachable")
    void unreachable() {
        gitaly.stop();
        assertThatThrownBy(() -> stub.listAgentConfigFiles(request().build())).isInstanceOfSatisfying(StatusRuntimeException.class,
                failure -> {
                    assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
                    assertThat(failure.getStatus().getDescription())
                            .startsWith("PathFetcher: RpcError: GetTreeEntries: RPC failed: .gitlab/agents: ");
                });
        assertLogged(true);
    }

    @Test
    @DisplayName("RA-29 an address that cannot be understood is logged without the project")
    void badAddress() {
        GitalyInfo bad = GitalyInfo.newBuilder().setAddress("h:8075").build();
        assertThatThrownBy(() -> stub.listAgentConfigFiles(request().setGitalyInfo(bad).build()))
                .hasMessage("UNAVAILABLE: PathFetcher: could not dial source: invalid connection string: \"h:8075\"");
        assertLogged(false);
    }

    @Test
    @DisplayName("RA-30, GB-51 InvalidArgument without the detail")
    void invalidArgument() {
        gitaly.always("GetTreeEntries", FakeGitaly.failing(Status.INVALID_ARGUMENT.withDescription("no")));
        assertFails(Status.Code.INVALID_ARGUMENT, "PathFetcher: InvalidArgument: GetTreeEntries.Recv: invalid argument: .gitlab/agents: "
                + "rpc error: code = InvalidArgument desc = no");
        assertLogged(true);
    }

    @Test
    @DisplayName("GB-51 the detail makes InvalidArgument and NotFound an empty list, Internal stays Unavailable")
    void details() {
        GetTreeEntriesError detail = GetTreeEntriesError.newBuilder().setResolveTree(ResolveRevisionError.getDefaultInstance()).build();
        for (Code code : List.of(Code.INVALID_ARGUMENT, Code.NOT_FOUND)) {
            gitaly.next("GetTreeEntries", FakeGitaly.failing(code, "invalid revision or path", detail));
            assertThat(agents(request().build())).isEmpty();
        }
        gitaly.next("GetTreeEntries", FakeGitaly.failing(Status.INTERNAL.withDescription("oops")));
        assertFails(Status.Code.UNAVAILABLE,
                "PathFetcher: RpcError: GetTreeEntries.Recv: RPC failed: .gitlab/agents: rpc error: code = Internal desc = oops");
        assertLogged(true);
    }

    @Test
    @DisplayName("RA-31 a missing repository is Unavailable")
    void missingRepository() {
        gitaly.forget("group/project");
        assertFails(Status.Code.UNAVAILABLE, "PathFetcher: RpcError: GetTreeEntries.Recv: RPC failed: .gitlab/agents: "
                + "rpc error: code = NotFound desc = repository not found");
    }

    @Test
    @DisplayName("RA-32 features reach Gitaly, and the token proves who asks")
    void access() {
        gitaly.requireToken("secret");
        project.commit("main", Map.of(".gitlab/agents/a/config.yaml", ""));
        GitalyInfo info = gitaly.info("secret").toBuilder().putFeatures("gitaly-feature-x", "true").build();
        assertThat(agents(request().setGitalyInfo(info).build())).containsExactly("a");
        assertThat(gitaly.calls().getFirst().header("gitaly-feature-x")).isEqualTo("true");
        assertThatThrownBy(() -> agents(request().setGitalyInfo(gitaly.info("wrong")).build())).hasMessageContaining("permission denied");
    }

    @Test
    @DisplayName("RA-33, RA-34 what is missing is named")
    void validation() {
        assertThatThrownBy(() -> agents(ListAgentConfigFilesRequest.getDefaultInstance()))
                .hasMessage("INVALID_ARGUMENT: invalid ListAgentConfigFilesRequest.Repository: value is required; "
                        + "invalid ListAgentConfigFilesRequest.GitalyInfo: value is required");
        ListAgentConfigFilesRequest.Builder noPath = request();
        noPath.getRepositoryBuilder().clearGlProjectPath();
        assertThatThrownBy(() -> agents(noPath.build()))
                .hasMessage("INVALID_ARGUMENT: invalid ListAgentConfigFilesRequest.Repository: embedded "
                        + "message failed validation | caused by: invalid GitalyRepository.GlProjectPath: value length must be at least 1 bytes");
        assertThat(gitaly.calls()).isEmpty();
    }

    @Test
    @DisplayName("RA-35 a request in the form of 14.2")
    void oldForm() throws Exception {
        project.commit("main", Map.of(".gitlab/agents/a/config.yaml", ""));
        UnknownFieldSet address = UnknownFieldSet.newBuilder()
                .addField(1, UnknownFieldSet.Field.newBuilder().addLengthDelimited(gitaly.info("").getAddressBytes()).build())
                .addField(2,
                        UnknownFieldSet.Field.newBuilder().addLengthDelimited(ByteString.copyFromUtf8("t")).build())
                .build();
        UnknownFieldSet old = UnknownFieldSet.newBuilder()
                .addField(1, UnknownFieldSet.Field.newBuilder()
                        .addLengthDelimited(FakeGitaly.repository("group/project").toByteString()).build())
                .addField(2, UnknownFieldSet.Field.newBuilder().addLengthDelimited(address.toByteString()).build()).build();
        assertThat(agents(ListAgentConfigFilesRequest.parseFrom(old.toByteString()))).containsExactly("a");
    }

    @Test
    @DisplayName("GB-55 a call refused at the rate limit is Unavailable with the limiter's text")
    void rateLimit() throws Exception {
        try (FakeGitaly other = FakeGitaly.onTcp()) {
            GitalyRepositoryReader slow = new GitalyRepositoryReader(new RateLimits(1_000, 1_000, 1, 1), BuildInfo.UNKNOWN,
                    new FakeTimers(),
                    new Random(1), Map.of(), List.of(), RateLimitObserver.NONE);
            try (slow; ExecutorService own = Executors.newVirtualThreadPerTaskExecutor()) {
                other.repository("group/project", temporary.resolve("other.git"));
                ListAgentConfigFilesRequest request = request().setGitalyInfo(other.info("")).build();
                ConfigurationProjectService service = new ConfigurationProjectService(slow, own);
                CompletableFuture<Throwable> outcome = new CompletableFuture<>();
                Context.CancellableContext context = Context.current().withDeadlineAfter(100, TimeUnit.MILLISECONDS,
                        Executors.newSingleThreadScheduledExecutor(Thread.ofVirtual().factory()));
                service.listAgentConfigFiles(request, new Answer(new CompletableFuture<>()));
                await().until(() -> other.calls().size() == 1);
                context.run(() -> service.listAgentConfigFiles(request, new Answer(outcome)));
                assertThat(outcome.get(5, TimeUnit.SECONDS)).hasMessage("UNAVAILABLE: PathFetcher: RpcError: GetTreeEntries: RPC failed: "
                        + ".gitlab/agents: rpc error: code = ResourceExhausted desc = /gitaly.CommitService/GetTreeEntries is rejected by "
                        + "rpclimiter middleware, please retry later");
                context.cancel(null);
            }
        }
    }

    private record Answer(CompletableFuture<Throwable> failure)
            implements
                io.grpc.stub.StreamObserver<org.openkas.proto.configurationproject.ListAgentConfigFilesResponse> {
        @Override
        public void onNext(ListAgentConfigFilesResponse value) {
        }

        @Override
        public void onError(Throwable t) {
            failure.complete(t);
        }

        @Override
        public void onCompleted() {
            failure.complete(new AssertionError("completed"));
        }
    }

    @Test
    void aCallerThatGoesAwayCancelsTheCallToGitaly() throws Exception {
        gitaly.always("GetTreeEntries", FakeGitaly.sendingAndWaiting(GetTreeEntriesResponse.getDefaultInstance()));
        var call = ConfigurationProjectGrpc.newFutureStub(channel).listAgentConfigFiles(request().build());
        await().until(() -> gitaly.calls().size() == 1 && gitaly.calls().getFirst().sent() == 1);
        call.cancel(true);
        assertThat(gitaly.calls().getFirst().completed().get(5, TimeUnit.SECONDS)).isFalse();
        assertThat(log.lines()).isEmpty();
    }
}
