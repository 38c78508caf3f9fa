package org.openkas.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.openkas.proto.gitaly.GetTreeEntriesRequest;
import org.openkas.proto.gitaly.TreeEntryRequest;
import org.openkas.proto.gitops.GitRefCF;
import org.openkas.proto.gitops.GitopsGrpc;
import org.openkas.proto.gitops.ObjectsToSynchronizeRequest;
import org.openkas.proto.gitops.ObjectsToSynchronizeResponse;
import org.openkas.proto.gitops.PathCF;
import org.openkas.testkit.ConfiguredAgent;
import org.openkas.testkit.FakeGitLab;
import org.openkas.testkit.FakeGitaly;
import org.openkas.testkit.FreePorts;
import org.openkas.testkit.GitLabAnswer;
import org.openkas.testkit.ManifestStream;
import org.openkas.testkit.Rails;
import org.openkas.testkit.TestRepository;

/** Manifests from the whole server as agents get them, with GitLab and Gitaly and without. */
@Timeout(120)
class ManifestsOnServerTest {
    private static final String PROJECT = "group/manifests";
    private static final String FAILED = "GitOps: failed to get objects to synchronize: manifest file: ";
    private static final String LISTEN = "agent: {listen: {address: '127.0.0.1:0', listen_grace_period: 0.01s}, gitops: {poll_period: %s}}\n"
            + "gitaly: {per_server_api_rate_limit: {refill_rate_per_second: 10000, bucket_size: 10000},"
            + " global_api_rate_limit: {refill_rate_per_second: 10000, bucket_size: 10000}}";

    @TempDir
    Path directory;

    private FakeGitLab gitLab;
    private FakeGitaly gitaly;
    private TestRepository manifests;

    @BeforeEach
    void open() {
        gitLab = FakeGitLab.release16();
        gitaly = FakeGitaly.onTcp();
        manifests = gitaly.repository(PROJECT, directory.resolve("manifests"));
        gitLab.agent("token", 42, 7, "group/agents");
        gitLab.project(9, PROJECT, gitaly.info("secret"));
    }

    @AfterEach
    void close() {
        gitLab.close();
        gitaly.close();
    }

    private RunningServer server() throws Exception {
        return RunningServer.withGitLab(directory, gitLab, LISTEN.formatted("300s"));
    }

    private static ObjectsToSynchronizeRequest.Builder globs(String... globs) {
        ObjectsToSynchronizeRequest.Builder request = ObjectsToSynchronizeRequest.newBuilder().setProjectId(PROJECT);
        List.of(globs).forEach(glob -> request.addPaths(PathCF.newBuilder().setGlob(glob)));
        return request;
    }

    private static ManifestStream ask(RunningServer running, ObjectsToSynchronizeRequest.Builder request) throws Exception {
        ManagedChannel channel = running.channel();
        ManifestStream stream = ManifestStream.open(channel, "token", request.build());
        stream.end();
        channel.shutdownNow();
        return stream;
    }

    private static List<String> story(ManifestStream stream) {
        return stream.responses().stream().map(ManifestStream::brief).toList();
    }

    private static void assertFailed(ManifestStream stream, String text) throws Exception {
        assertThat(stream.responses().getFirst().hasHeader()).isTrue();
        assertThat(stream.responses().getLast().hasTrailer()).isFalse();
        assertThat(stream.end().getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION);
        assertThat(stream.end().getDescription()).startsWith(FAILED + text);
    }

    @Test
    @DisplayName("AG-40, AG-41, AG-42: what globs name, in the order in which Gitaly lists it")
    void whatGlobsName() throws Exception {
        String commit = manifests.commit("main",
                Map.of("a.yaml", "a", "d/b.yml", "bb", "d/c.json", "ccc", "d/x.txt", "", ".h/e.yaml", "", ".f.yaml", ""));
        try (RunningServer running = server()) {
            assertThat(story(ask(running, globs("**/*.{yaml,yml,json}")))).containsExactly("header " + commit + " 9", ".f.yaml 0",
                    "a.yaml 1",
                    "d/b.yml 2", "d/c.json 3", "trailer");
            assertThat(gitaly.calls("TreeEntry").getFirst().request(TreeEntryRequest.class).getRevision().toStringUtf8()).isEqualTo(commit);
            int before = gitaly.calls("GetTreeEntries").size();
            assertThat(story(ask(running, globs("/d/*.yml")))).containsExactly("header " + commit + " 9", "d/b.yml 2", "trailer");
            GetTreeEntriesRequest asked = gitaly.calls("GetTreeEntries").get(before).request(GetTreeEntriesRequest.class);
            assertThat(asked.getPath().toStringUtf8()).isEqualTo("d");
            assertThat(asked.getRecursive()).isFalse();
            assertFailed(ask(running, globs("*.yaml", "**/*.yaml")), "path visited more than once: .f.yaml");
        }
    }

    @Test
    @DisplayName("AG-43: pieces of a file follow each other and make the whole file, whatever it contains")
    void pieces() throws Exception {
        byte[] large = new byte[300_000];
        for (int i = 0; i < large.length; i++) {
            large[i] = (byte) (i * 31);
        }
        gitaly.chunkSize(200_000);
        manifests.commit("main", new TestRepository.Change().file("a.yaml", large).file("b.yaml", new byte[0]).file("c.yaml", "c"));
        try (RunningServer running = server()) {
            for (int i = 0; i < 2; i++) {
                ManifestStream stream = ask(running, globs("*.yaml"));
                assertThat(story(stream).subList(1, 7)).containsExactly("a.yaml 131072", "a.yaml 68928", "a.yaml 100000", "b.yaml 0",
                        "c.yaml 1", "trailer");
                ByteString joined = stream.responses().stream().filter(response -> response.getObject().getSource().equals("a.yaml"))
                        .map(response -> response.getObject().getData()).reduce(ByteString.EMPTY, ByteString::concat);
                assertThat(joined.toByteArray()).isEqualTo(large);
            }
        }
    }

    @Test
    @DisplayName("AG-44: 1000 files are looked at, not 1001")
    void manyFiles() throws Exception {
        TestRepository.Change change = new TestRepository.Change().file("d/a.yaml", "a");
        for (int i = 0; i < 999; i++) {
            change.file("d/f" + i, "");
        }
        manifests.commit("main", change);
        try (RunningServer running = server()) {
            assertThat(story(ask(running, globs("d/*.yaml")))).hasSize(3);
            manifests.commit("main", Map.of("d/one-more", ""));
            assertFailed(ask(running, globs("d/*.yaml")), "maximum number of files limit reached: 1000");
        }
    }

    @Test
    @DisplayName("AG-45: one file that is too big, files that are too big together, a directory that is not there")
    void sizes() throws Exception {
        byte[] most = new byte[5 << 20];
        manifests.commit("main", new TestRepository.Change().file("one/a", most).file("two/a", new byte[(5 << 20) + 1])
                .file("all/1", new byte[4_718_592]).file("all/2", new byte[4_718_592]).file("all/3", new byte[4_718_592])
                .file("all/4", new byte[4_718_592]).file("all/5", new byte[4_718_592]));
        try (RunningServer running = server()) {
            assertThat(ask(running, globs("one/*")).end().isOk()).isTrue();
            assertFailed(ask(running, globs("two/*")), "FileTooBig: TreeEntry: file is too big: two/a: rpc error: code = FailedPrecondition"
                    + " desc = object size (5242881) is bigger than the maximum allowed size (5242880)");
            assertFailed(ask(running, globs("all/*")), "FileTooBig: TreeEntry: file is too big: all/5: rpc error");
            ManifestStream missing = ask(running, globs("none/**/*.yaml"));
            assertFailed(missing, "NotFound: GetTreeEntries.Recv: file/directory/ref not found: none");
            assertThat(story(missing)).hasSize(1);
        }
    }

    @Test
    @DisplayName("AG-46: a request that cannot be answered is refused without a call to GitLab")
    void refusedRequests() throws Exception {
        try (RunningServer running = server()) {
            String[] many = new String[101];
            java.util.Arrays.fill(many, "*");
            assertThat(ask(running, globs(many)).whole())
                    .isEqualTo("INVALID_ARGUMENT maximum number of GitOps paths per manifest project is 100, but 101 was requested");
            assertThat(ask(running, globs()).whole()).isEqualTo(
                    "INVALID_ARGUMENT invalid ObjectsToSynchronizeRequest.Paths: value must contain at least 1 item(s)");
            assertThat(ask(running, globs("*").setProjectId("")).whole()).isEqualTo(
                    "INVALID_ARGUMENT invalid ObjectsToSynchronizeRequest.ProjectId: value length must be at least 1 bytes");
            assertThat(gitLab.requests()).isEmpty();
        }
    }

    @Test
    @DisplayName("AG-48: refs are full names, and the default branch is HEAD, else main, else master")
    void refs() throws Exception {
        String main = manifests.commit("main", Map.of("a.yaml", "1"));
        String other = manifests.commit("other", Map.of("a.yaml", "2"));
        String tag = manifests.annotatedTag("v1", other);
        manifests.branch("master", other);
        try (RunningServer running = server()) {
            assertThat(ask(running, globs("*.yaml").setRef(GitRefCF.newBuilder().setBranch("x"))).whole()).isEqualTo(
                    "NOT_FOUND GitOps: repository poll failed: NotFound: InfoRefsUploadPack: file/directory/ref not found: refs/heads/x");
            assertThat(story(ask(running, globs("*.yaml"))).getFirst()).isEqualTo("header " + main + " 9");
            assertThat(story(ask(running, globs("*.yaml").setRef(GitRefCF.newBuilder().setTag("v1")))).getFirst())
                    .isEqualTo("header " + tag + " 9");
            int polls = gitaly.calls("InfoRefsUploadPack").size();
            ManifestStream fixed = ask(running, globs("*.yaml").setCommitId(main).setRef(GitRefCF.newBuilder().setCommit(other)));
            assertThat(fixed.responses().get(1).getObject().getData().toStringUtf8()).isEqualTo("2");
            assertThat(gitaly.calls("InfoRefsUploadPack")).hasSize(polls);
            gitaly.always("InfoRefsUploadPack", FakeGitaly.sending(org.openkas.proto.gitaly.InfoRefsResponse.newBuilder()
                    .setData(FakeGitaly.advertisement(other + " refs/heads/master", main + " refs/heads/main")).build()));
            await().atMost(Duration.ofSeconds(10))
                    .untilAsserted(() -> assertThat(story(ask(running, globs("*.yaml"))).getFirst()).isEqualTo("header " + main + " 9"));
        }
    }

    @Test
    @DisplayName("AG-49, GB-58: a push wakes who waits for the project")
    void push() throws Exception {
        int api = FreePorts.some(1).getFirst();
        String first = manifests.commit("main", Map.of("a.yaml", "1"));
        try (RunningServer running = RunningServer.withGitLab(directory, gitLab, LISTEN.formatted("300s"), "127.0.0.1:" + api);
                Rails rails = new Rails(api, FakeGitLab.SECRET)) {
            ManagedChannel channel = running.channel();
            ManifestStream stream = ManifestStream.open(channel, "token", globs("*.yaml").setCommitId(first).build());
            await().until(() -> !gitaly.calls("InfoRefsUploadPack").isEmpty());
            await().during(Duration.ofMillis(300)).until(() -> !stream.ended());
            String second = manifests.commit("main", Map.of("a.yaml", "2"));
            rails.pushed(9, PROJECT);
            assertThat(stream.end()).isEqualTo(Status.OK);
            assertThat(story(stream)).containsExactly("header " + second + " 9", "a.yaml 1", "trailer");
            channel.shutdownNow();
        }
    }

    @Test
    void anotherPeriodIsKept() throws Exception {
        String first = manifests.commit("main", Map.of("a.yaml", "1"));
        try (RunningServer running = RunningServer.withGitLab(directory, gitLab, LISTEN.formatted("1s"))) {
            ManagedChannel channel = running.channel();
            ManifestStream stream = ManifestStream.open(channel, "token", globs("*.yaml").setCommitId(first).build());
            await().until(() -> !gitaly.calls("InfoRefsUploadPack").isEmpty());
            manifests.commit("main", Map.of("a.yaml", "2"));
            assertThat(stream.end()).isEqualTo(Status.OK);
            channel.shutdownNow();
        }
    }

    @Test
    @DisplayName("AG-51, GB-20, CO-35: a project that the agent may not read, and the line that operators search for")
    void projectNotFound() throws Exception {
        gitLab.always(FakeGitLab.PROJECT_INFO, request -> GitLabAnswer.json(404, "{\"message\":\"404 Project Not Found\"}"));
        try (RunningServer running = server()) {
            for (int i = 0; i < 3; i++) {
                assertThat(ask(running, globs("*")).whole()).isEqualTo("NOT_FOUND project not found");
            }
            assertThat(gitLab.requests(FakeGitLab.PROJECT_INFO)).hasSize(1);
            assertThat(running.log.lines("GitOps: failed to get project info")).singleElement()
                    .satisfies(line -> assertThat(line.fields()).containsEntry("agent_id", 42L).containsEntry("project_id", PROJECT)
                            .containsEntry("error", "error kind: 0; status: 404")
                            .containsEntry("grpc_service", "gitlab.agent.gitops.rpc.Gitops")
                            .containsKey("remedy"));
        }
    }

    @Test
    void manyAgentsThatWantTheSameReadItOnce() throws Exception {
        TestRepository.Change change = new TestRepository.Change();
        for (int i = 0; i < 50; i++) {
            change.file("m/" + i + ".yaml", "kind: ConfigMap # " + i);
        }
        manifests.commit("main", change);
        try (RunningServer running = server()) {
            ManagedChannel channel = running.channel();
            List<ManifestStream> streams = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                streams.add(ManifestStream.open(channel, "token", globs("m/*.yaml").build()));
            }
            for (ManifestStream stream : streams) {
                assertThat(stream.end()).isEqualTo(Status.OK);
                assertThat(stream.responses()).hasSize(52);
            }
            assertThat(gitaly.calls("GetTreeEntries")).hasSize(1);
            assertThat(gitaly.calls("TreeEntry")).hasSize(50);
            assertThat(gitaly.calls("InfoRefsUploadPack").size()).isLessThan(5);

            manifests.commit("main", Map.of("m/7.yaml", "changed", "m/8.yaml", "changed, too"));
            ObjectsToSynchronizeRequest request = globs("m/*.yaml").setRef(GitRefCF.newBuilder().setBranch("main")).build();
            ManifestStream next = ManifestStream.open(channel, "token", request);
            assertThat(next.end()).isEqualTo(Status.OK);
            assertThat(next.responses().stream().filter(response -> response.getObject().getData().toStringUtf8().startsWith("changed")))
                    .hasSize(2);
            assertThat(gitaly.calls("GetTreeEntries")).hasSize(2);
            assertThat(gitaly.calls("TreeEntry")).hasSize(52);
            channel.shutdownNow();
        }
    }

    @Test
    @DisplayName("A standalone server's agent gets the manifests of its own repository, each commit, and of no other")
    void standalone() throws Exception {
        manifests.commit("main", Map.of("m/a.yaml", "1", "m/.h/b.yaml", "2"));
        Path agents = Files.writeString(directory.resolve("agents.yaml"), """
                agents: [{name: a, id: 3, token: token, project: group/manifests, repository: %1$s},
                  {name: b, id: 4, token: b, project: group/b, repository: %1$s}]""".formatted(manifests.directory()));
        try (RunningServer running = RunningServer.standalone(directory, agents)) {
            ManagedChannel channel = running.channel();
            ManifestStream first = ManifestStream.open(channel, "token", globs("**/*.yaml").build());
            assertThat(first.end()).isEqualTo(Status.OK);
            assertThat(first.responses().get(1).getObject().getData().toString(UTF_8)).isEqualTo("1");
            String commit = first.responses().getFirst().getHeader().getCommitId();
            ManifestStream second = ManifestStream.open(channel, "token", globs("**/*.yaml").setCommitId(commit).build());
            String next = manifests.commit("main", Map.of("m/a.yaml", "22"));
            assertThat(second.end()).isEqualTo(Status.OK);
            assertThat(story(second)).containsExactly("header " + next + " 3", "m/a.yaml 2", "trailer");
            assertThat(ManifestStream.open(channel, "b", globs("*").build()).whole()).isEqualTo("NOT_FOUND project not found");
            assertThat(running.log.lines("GitOps: failed to get project info")).hasSize(1);

            ManifestStream held = ManifestStream.open(channel, "token",
                    globs("*").setCommitId(next).setRef(GitRefCF.newBuilder().setCommit(next)).build());
            await().during(Duration.ofMillis(300)).until(() -> !held.ended());
            Files.writeString(agents, "agents: []");
            Files.setLastModifiedTime(agents, FileTime.fromMillis(1_000_000_000_000L));
            assertThat(held.end()).isEqualTo(Status.OK);
            channel.shutdownNow();
        }
    }

    @Test
    void ofAFileThatNobodyTakesLittleIsRead() throws Exception {
        manifests.commit("main", new TestRepository.Change().file("a", new byte[5 << 20]).file("b", new byte[5 << 20]));
        try (RunningServer running = server()) {
            ManagedChannel channel = running.channel();
            ClientCall<ObjectsToSynchronizeRequest, ObjectsToSynchronizeResponse> call = channel.newCall(
                    GitopsGrpc.getGetObjectsToSynchronizeMethod(),
                    CallOptions.DEFAULT.withCallCredentials(ConfiguredAgent.bearer("token")));
            call.start(new ClientCall.Listener<>() {
            }, new Metadata());
            call.sendMessage(globs("*").build());
            call.halfClose();
            call.request(1);
            await().until(() -> !gitaly.calls("TreeEntry").isEmpty());
            FakeGitaly.Call file = gitaly.calls("TreeEntry").getFirst();
            await().during(Duration.ofMillis(500)).until(() -> file.sent() < 100 && gitaly.calls("TreeEntry").size() == 1);
            call.cancel("gone", null);
            assertThat(file.completed().get(10, TimeUnit.SECONDS)).isFalse();
            channel.shutdownNow();
        }
    }

    @Test
    void aStreamThatHoldsDoesNotHoldUpTheServersEnd() throws Exception {
        String commit = manifests.commit("main", Map.of("a.yaml", "1"));
        try (RunningServer running = server()) {
            ManagedChannel channel = running.channel();
            ManifestStream held = ManifestStream.open(channel, "token",
                    globs("*").setCommitId(commit).setRef(GitRefCF.newBuilder().setCommit(commit)).build());
            await().until(() -> !gitLab.requests(FakeGitLab.PROJECT_INFO).isEmpty());
            await().during(Duration.ofMillis(300)).until(() -> !held.ended());
            running.server.drain();
            assertThat(held.end()).isEqualTo(Status.OK);
            channel.shutdownNow();
        }
    }
}
