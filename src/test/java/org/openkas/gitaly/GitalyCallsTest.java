package org.openkas.gitaly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import com.google.rpc.Code;
import io.grpc.Context;
import io.grpc.Status;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.openkas.common.BuildInfo;
import org.openkas.common.SystemTimers;
import org.openkas.proto.entity.GitalyInfo;
import org.openkas.proto.gitaly.GetTreeEntriesError;
import org.openkas.proto.gitaly.GetTreeEntriesRequest;
import org.openkas.proto.gitaly.InfoRefsRequest;
import org.openkas.proto.gitaly.InfoRefsResponse;
import org.openkas.proto.gitaly.PathError;
import org.openkas.proto.gitaly.ResolveRevisionError;
import org.openkas.proto.gitaly.TreeEntryRequest;
import org.openkas.proto.gitaly.TreeEntryResponse;
import org.openkas.repository.Repository;
import org.openkas.repository.RepositoryException;
import org.openkas.repository.Resolution;
import org.openkas.testkit.FakeGitaly;
import org.openkas.testkit.TestRepository;

/** The calls to Gitaly as they look on its side, and what its answers lead to. */
class GitalyCallsTest {
    private static final String ID = "1111111111111111111111111111111111111111";

    @TempDir
    Path temporary;
    private final FakeGitaly gitaly = FakeGitaly.onTcp();
    private final SystemTimers timers = new SystemTimers(Executors.newVirtualThreadPerTaskExecutor());
    private final GitalyRepositoryReader reader = reader(new RateLimits(10_000, 10_000, 10_000, 10_000));
    private final Repository repository = new Repository(gitaly.info("secret"), FakeGitaly.repository("group/project"));

    private GitalyRepositoryReader reader(RateLimits limits) {
        return new GitalyRepositoryReader(limits, new BuildInfo("v1.2.3", "abc", ""), timers, new Random(1), Map.of(), List.of(),
                RateLimitObserver.NONE);
    }

    @AfterEach
    void close() {
        reader.close();
        gitaly.close();
        timers.close();
    }

    private TestRepository project() {
        return gitaly.repository("group/project", temporary.resolve("project.git"));
    }

    @Test
    @DisplayName("GB-40, GB-41 credentials and features go with all three calls")
    void metadata() throws Exception {
        String commit = project().commit("main", Map.of("f", "1"));
        GitalyInfo access = gitaly.info("secret").toBuilder().putFeatures("gitaly-feature-a", "true").build();
        Repository withFeatures = new Repository(access, repository.repository());
        gitaly.requireToken("secret");

        reader.resolve(withFeatures, "HEAD");
        reader.read(withFeatures, commit, "f", 0, chunk -> {
        });
        reader.walk(withFeatures, commit, ".", true, blob -> true);

        assertThat(gitaly.calls()).hasSize(3).allSatisfy(call -> {
            assertThat(call.header("authorization")).matches("Bearer v2\\.[0-9a-f]{64}\\.[0-9]+");
            assertThat(call.header("gitaly-feature-a")).isEqualTo("true");
            assertThat(call.header("user-agent")).startsWith("gitlab-kas/v1.2.3/abc grpc-java-netty/");
        });
    }

    @Test
    void wrongAndMissingTokens() {
        gitaly.requireToken("other");
        assertThatThrownBy(() -> reader.resolve(repository, "HEAD")).hasMessage(
                "RpcError: InfoRefsUploadPack.Recv: RPC failed: rpc error: code = PermissionDenied desc = permission denied");
        assertThatThrownBy(() -> reader.resolve(new Repository(gitaly.info(""), repository.repository()), "HEAD"))
                .hasMessageEndingWith("rpc error: code = Unauthenticated desc = authentication required");
        assertThat(gitaly.calls().getLast().headers().keys()).doesNotContain("authorization");
    }

    @Test
    void requests() throws Exception {
        String commit = project().commit("main", Map.of("dir/f", "1"));
        org.openkas.proto.entity.GitalyRepository full = FakeGitaly.repository("group/project").toBuilder().setGitObjectDirectory("objects")
                .addGitAlternateObjectDirectories("a").addGitAlternateObjectDirectories("b").build();
        Repository all = new Repository(gitaly.info(""), full);
        org.openkas.proto.gitaly.Repository message = org.openkas.proto.gitaly.Repository.newBuilder().setStorageName("default")
                .setRelativePath("group/project.git").setGitObjectDirectory("objects").addGitAlternateObjectDirectories("a")
                .addGitAlternateObjectDirectories("b").setGlRepository("project-1").setGlProjectPath("group/project").build();

        reader.resolve(all, "HEAD");
        reader.read(all, commit, "dir/f", 77, chunk -> {
        });
        reader.walk(all, "HEAD", "dir", true, blob -> true);

        assertThat(gitaly.calls().get(0).request(InfoRefsRequest.class))
                .isEqualTo(InfoRefsRequest.newBuilder().setRepository(message).build());
        assertThat(gitaly.calls().get(1).request(TreeEntryRequest.class)).isEqualTo(TreeEntryRequest.newBuilder().setRepository(message)
                .setRevision(ByteString.copyFromUtf8(commit)).setPath(ByteString.copyFromUtf8("dir/f")).setMaxSize(77).build());
        assertThat(gitaly.calls().get(2).request(GetTreeEntriesRequest.class)).isEqualTo(GetTreeEntriesRequest.newBuilder()
                .setRepository(message).setRevision(ByteString.copyFromUtf8("HEAD")).setPath(ByteString.copyFromUtf8("dir"))
                .setRecursive(true)
                .build());
    }

    @Test
    @DisplayName("GB-45 the call is cancelled at the wanted ref, and not needed for what follows")
    void stopsAtTheWantedRef() throws Exception {
        gitaly.chunkSize(1);
        ByteString all = FakeGitaly.advertisement(ID + " HEAD", ID + " refs/heads/main");
        List<InfoRefsResponse> first = new ArrayList<>();
        for (int i = 0; i < 200 && i < all.size(); i++) {
            first.add(InfoRefsResponse.newBuilder().setData(all.substring(i, i + 1)).build());
        }
        gitaly.next("InfoRefsUploadPack", FakeGitaly.sendingAndWaiting(first.toArray(InfoRefsResponse[]::new)));

        assertThat(reader.resolve(repository, "HEAD")).isEqualTo(new Resolution.Commit(ID));
        assertThat(gitaly.calls().getFirst().completed().get(5, TimeUnit.SECONDS)).isFalse();
    }

    @Test
    @DisplayName("GB-49 a broken advertisement is a protocol error, a failing one a failed call")
    void brokenAdvertisement() {
        gitaly.next("InfoRefsUploadPack",
                FakeGitaly.sending(InfoRefsResponse.newBuilder().setData(FakeGitaly.packet("# service=x")).build()));
        assertThatThrownBy(() -> reader.resolve(repository, "HEAD"))
                .hasMessage("ProtocolError: failed to parse reference discovery: unexpected header \"# service=x\"");
        gitaly.next("InfoRefsUploadPack", (request, out) -> {
            out.onNext(InfoRefsResponse.newBuilder().setData(FakeGitaly.packet("# service=git-upload-pack")).build());
            out.onError(Status.INTERNAL.withDescription("git died").asRuntimeException());
        });
        assertThatThrownBy(() -> reader.resolve(repository, "HEAD"))
                .hasMessage("RpcError: InfoRefsUploadPack.Recv: RPC failed: rpc error: code = Internal desc = git died");
    }

    @Test
    @DisplayName("GB-52 the type counts in the first message only")
    void typeOfLaterMessages() throws Exception {
        TreeEntryResponse first = TreeEntryResponse.newBuilder().setType(TreeEntryResponse.ObjectType.BLOB).setSize(4)
                .setData(ByteString.copyFromUtf8("ab")).build();
        TreeEntryResponse later = TreeEntryResponse.newBuilder().setData(ByteString.copyFromUtf8("cd")).build();
        gitaly.next("TreeEntry", FakeGitaly.sending(first, later));
        List<String> chunks = new ArrayList<>();
        reader.read(repository, ID, "f", 0, chunk -> chunks.add(chunk.toStringUtf8()));
        assertThat(chunks).containsExactly("ab", "cd");
    }

    @Test
    @DisplayName("GB-50, RA-31 how failed calls read")
    void failures() {
        gitaly.always("TreeEntry", FakeGitaly.failing(Status.UNAVAILABLE.withDescription("later")));
        assertFailure(() -> reader.read(repository, ID, "f", 0, chunk -> {
        }), "RpcError: TreeEntry.Recv: RPC failed: f: rpc error: code = Unavailable desc = later");
        gitaly.always("TreeEntry", FakeGitaly.failing(Status.INVALID_ARGUMENT.withDescription("empty Path")));
        assertFailure(() -> reader.read(repository, ID, "", 0, chunk -> {
        }), "RpcError: TreeEntry.Recv: RPC failed: rpc error: code = InvalidArgument desc = empty Path");
        gitaly.always("TreeEntry", FakeGitaly.failing(Status.FAILED_PRECONDITION.withDescription("whatever")));
        assertFailure(() -> reader.read(repository, ID, "f", 0, chunk -> {
        }), "FileTooBig: TreeEntry: file is too big: f: rpc error: code = FailedPrecondition desc = whatever");
        gitaly.always("GetTreeEntries", FakeGitaly.failing(Status.NOT_FOUND.withDescription("repository not found")));
        assertFailure(this::walk, "RpcError: GetTreeEntries.Recv: RPC failed: dir: rpc error: code = NotFound desc = repository not found");
        gitaly.always("GetTreeEntries", FakeGitaly.failing(Status.DEADLINE_EXCEEDED));
        assertFailure(this::walk, "RpcError: GetTreeEntries.Recv: RPC failed: dir: rpc error: code = DeadlineExceeded desc = ");
    }

    @Test
    @DisplayName("GB-51 what makes a listing NotFound, InvalidArgument or a failed call")
    void listingFailures() {
        GetTreeEntriesError missing = GetTreeEntriesError.newBuilder().setResolveTree(ResolveRevisionError.getDefaultInstance()).build();
        GetTreeEntriesError path = GetTreeEntriesError.newBuilder().setPath(PathError.getDefaultInstance()).build();
        for (Code code : List.of(Code.INVALID_ARGUMENT, Code.NOT_FOUND)) {
            gitaly.next("GetTreeEntries", FakeGitaly.failing(code, "invalid revision or path", missing));
            assertFailure(this::walk, "NotFound: GetTreeEntries.Recv: file/directory/ref not found: dir");
        }
        gitaly.next("GetTreeEntries", FakeGitaly.failing(Code.INVALID_ARGUMENT, "bad path", path));
        assertFailure(this::walk,
                "InvalidArgument: GetTreeEntries.Recv: invalid argument: dir: rpc error: code = InvalidArgument desc = bad path");
        gitaly.next("GetTreeEntries", FakeGitaly.failing(Status.INVALID_ARGUMENT.withDescription("no")));
        assertFailure(this::walk,
                "InvalidArgument: GetTreeEntries.Recv: invalid argument: dir: rpc error: code = InvalidArgument desc = no");
        gitaly.next("GetTreeEntries", FakeGitaly.failing(Code.NOT_FOUND, "no", path));
        assertFailure(this::walk, "RpcError: GetTreeEntries.Recv: RPC failed: dir: rpc error: code = NotFound desc = no");
        gitaly.next("GetTreeEntries", FakeGitaly.failing(Code.INTERNAL, "no", missing));
        assertFailure(this::walk, "RpcError: GetTreeEntries.Recv: RPC failed: dir: rpc error: code = Internal desc = no");
    }

    @ParameterizedTest
    @EnumSource(FakeGitaly.Version.class)
    void aMissingDirectoryInEachVersion(FakeGitaly.Version version) throws Exception {
        project().commit("main", Map.of("f", "1"));
        gitaly.version(version);
        if (version == FakeGitaly.Version.BEFORE_16_3) {
            reader.walk(repository, "HEAD", "dir", true, blob -> true);
        } else {
            assertFailure(this::walk, "NotFound: GetTreeEntries.Recv: file/directory/ref not found: dir");
        }
    }

    private void walk() throws RepositoryException, InterruptedException {
        reader.walk(repository, "HEAD", "dir", true, blob -> true);
    }

    @Test
    @DisplayName("GB-47 both ways to advertise an empty repository, on the wire")
    void oldEmptyRepository() throws Exception {
        project();
        assertThat(reader.resolve(repository, "refs/heads/main")).isEqualTo(new Resolution.Empty());
        gitaly.oldEmptyAdvertisement();
        assertThat(reader.resolve(repository, "refs/heads/main")).isEqualTo(new Resolution.Empty());
    }

    @Test
    @DisplayName("GB-42 a server that cannot be reached is a failed call that says why")
    void unreachable() throws Exception {
        int port;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        GitalyInfo nobody = GitalyInfo.newBuilder().setAddress("tcp://127.0.0.1:" + port).build();
        assertThatThrownBy(() -> reader.resolve(new Repository(nobody, repository.repository()), "HEAD"))
                .hasMessageStartingWith("RpcError: InfoRefsUploadPack: RPC failed: rpc error: code = Unavailable desc = ")
                .hasMessageContaining("Connection refused");
        for (String scheme : List.of("tcp://", "tls://", "dns:///")) {
            GitalyInfo nobodyEither = GitalyInfo.newBuilder().setAddress(scheme + "[::1]:" + port).build();
            assertThatThrownBy(() -> reader.resolve(new Repository(nobodyEither, repository.repository()), "HEAD"))
                    .hasMessageStartingWith("RpcError: InfoRefsUploadPack: RPC failed: rpc error: code = Unavailable desc = io exception");
        }
        assertThatThrownBy(() -> reader.resolve(
                new Repository(GitalyInfo.newBuilder().setAddress("tcp://a host:1").build(), repository.repository()), "HEAD"))
                .isInstanceOf(RepositoryException.class).hasMessageStartingWith("could not dial source: ");
        GitalyInfo noSocket = GitalyInfo.newBuilder().setAddress("unix:" + temporary.resolve("absent.sock")).build();
        assertThatThrownBy(() -> reader.resolve(new Repository(noSocket, repository.repository()), "HEAD"))
                .hasMessageStartingWith("RpcError: InfoRefsUploadPack: RPC failed: rpc error: code = Unavailable desc = ");
        assertFailure(
                () -> reader.resolve(new Repository(GitalyInfo.newBuilder().setAddress("http://h").build(), repository.repository()),
                        "HEAD"),
                "could not dial source: invalid connection string: \"http://h\"");
        assertFailure(() -> reader.resolve(new Repository(GitalyInfo.getDefaultInstance(), repository.repository()), "HEAD"),
                "address is empty");
    }

    @Test
    @DisplayName("GB-55 a call that would wait past its deadline at the rate limit is refused")
    void rateLimit() throws Exception {
        String commit = project().commit("main", Map.of("f", "1"));
        try (GitalyRepositoryReader slow = reader(new RateLimits(1_000, 1_000, 1, 1))) {
            Context.CancellableContext context = Context.current().withDeadlineAfter(100, TimeUnit.MILLISECONDS,
                    Executors.newSingleThreadScheduledExecutor(Thread.ofVirtual().factory()));
            slow.read(repository, commit, "f", 0, chunk -> {
            });
            assertThatThrownBy(() -> context.call(() -> {
                slow.read(repository, commit, "f", 0, chunk -> {
                });
                return null;
            })).hasMessage("RpcError: TreeEntry: RPC failed: f: rpc error: code = ResourceExhausted desc = /gitaly.CommitService/TreeEntry "
                    + "is rejected by rpclimiter middleware, please retry later").satisfies(
                            failure -> assertThat(
                                    Status.fromThrowable(failure).getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED));
            context.cancel(null);
            GitalyInfo otherToken = gitaly.info("other");
            slow.read(new Repository(otherToken, repository.repository()), commit, "f", 0, chunk -> {
            });
        }
    }

    @Test
    void anInterruptedCallerCancelsTheCall() throws Exception {
        gitaly.always("InfoRefsUploadPack", FakeGitaly.sendingAndWaiting());
        CompletableFuture<Throwable> outcome = new CompletableFuture<>();
        Thread caller = Thread.startVirtualThread(() -> {
            try {
                reader.resolve(repository, "HEAD");
            } catch (RepositoryException | InterruptedException e) {
                outcome.complete(e);
            }
        });
        await().until(() -> gitaly.calls().size() == 1);
        caller.interrupt();
        assertThat(outcome.get(5, TimeUnit.SECONDS)).isInstanceOf(InterruptedException.class);
        assertThat(gitaly.calls().getFirst().completed().get(5, TimeUnit.SECONDS)).isFalse();
    }

    @Test
    void aCancelledContextEndsTheCall() throws Exception {
        gitaly.always("InfoRefsUploadPack", FakeGitaly.sendingAndWaiting());
        Context.CancellableContext context = Context.current().withCancellation();
        CompletableFuture<Throwable> outcome = new CompletableFuture<>();
        Thread.startVirtualThread(context.wrap(() -> {
            try {
                reader.resolve(repository, "HEAD");
            } catch (RepositoryException | InterruptedException e) {
                outcome.complete(e);
            }
        }));
        await().until(() -> gitaly.calls().size() == 1);
        context.cancel(null);
        assertThat(Status.fromThrowable(outcome.get(5, TimeUnit.SECONDS)).getCode()).isEqualTo(Status.Code.CANCELLED);
        assertThat(outcome.get()).hasMessageContaining("rpc error: code = Canceled desc = ");
        assertThat(gitaly.calls().getFirst().completed().get(5, TimeUnit.SECONDS)).isFalse();
    }

    @Test
    void aSlowTakerHoldsTheServerBack() throws Exception {
        byte[] large = new byte[16 << 20];
        new Random(3).nextBytes(large);
        String commit = project().commit("main", new TestRepository.Change().file("large", large));
        CountDownLatch go = new CountDownLatch(1);
        CompletableFuture<Integer> size = new CompletableFuture<>();
        Thread.startVirtualThread(() -> {
            int[] sum = new int[1];
            try {
                reader.read(repository, commit, "large", 0, chunk -> {
                    go.await();
                    sum[0] += chunk.size();
                });
                size.complete(sum[0]);
            } catch (RepositoryException | InterruptedException e) {
                size.completeExceptionally(e);
            }
        });
        await().until(() -> !gitaly.calls().isEmpty() && gitaly.calls().getFirst().sent() > 0);
        await().during(Duration.ofMillis(300)).atMost(Duration.ofSeconds(5)).until(() -> gitaly.calls().getFirst().sent() < 200);
        go.countDown();
        assertThat(size.get(20, TimeUnit.SECONDS)).isEqualTo(large.length);
        assertThat(gitaly.calls().getFirst().sent()).isEqualTo(512);
    }

    private static void assertFailure(org.assertj.core.api.ThrowableAssert.ThrowingCallable call, String text) {
        assertThatThrownBy(call).isInstanceOf(RepositoryException.class).hasMessage(text);
    }
}
