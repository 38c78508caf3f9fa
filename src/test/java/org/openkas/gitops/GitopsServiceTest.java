package org.openkas.gitops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.openkas.gitops.GitopsBench.PATH;
import static org.openkas.gitops.GitopsBench.failure;
import static org.openkas.gitops.GitopsBench.project;
import static org.openkas.gitops.GitopsBench.request;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.openkas.common.AgentToken;
import org.openkas.common.AgentType;
import org.openkas.common.LogLevel;
import org.openkas.gitlab.AgentInfo;
import org.openkas.gitlab.GitLabException;
import org.openkas.gitops.GitopsBench.Agent;
import org.openkas.proto.entity.GitalyInfo;
import org.openkas.proto.entity.GitalyRepository;
import org.openkas.proto.gitops.GitRefCF;
import org.openkas.proto.gitops.PathCF;
import org.openkas.repository.Repository;
import org.openkas.repository.RepositoryException;
import org.openkas.repository.RepositoryException.Code;
import org.openkas.repository.RepositoryReader;
import org.openkas.repository.Resolution;
import org.openkas.repository.TreeBlob;
import org.openkas.testkit.RecordedLog;

class GitopsServiceTest {
    private static final String FAILED = "GitOps: failed to get objects to synchronize";

    private final GitopsBench bench = new GitopsBench();

    @AfterEach
    void close() {
        bench.close();
    }

    private static GitRefCF branch(String name) {
        return GitRefCF.newBuilder().setBranch(name).build();
    }

    private static GitRefCF fixed(String commit) {
        return GitRefCF.newBuilder().setCommit(commit).build();
    }

    private static void assertEnded(Agent agent, Status.Code code, String description) {
        assertThat(agent.end).hasValueSatisfying(status -> {
            assertThat(status.getCode()).isEqualTo(code);
            assertThat(status.getDescription()).isEqualTo(description);
        });
    }

    /** Nothing of any stream is left. */
    private void assertIdle() {
        assertThat(bench.timers.pending()).isZero();
        assertThat(bench.age.waiting()).isZero();
        assertThat(bench.watches.holds).isEmpty();
    }

    private RecordedLog.Line line(String message) {
        List<RecordedLog.Line> lines = bench.log.lines(message);
        assertThat(lines).hasSize(1);
        return lines.getFirst();
    }

    @Test
    @DisplayName("AG-40: header, objects, trailer, OK; lines and counter say so")
    void sends() {
        bench.file("a.yaml", "A");
        bench.file("d/b.yml", "B");
        bench.file("d/x.txt", "X");
        bench.commit("c1");
        Agent agent = bench.call(request("**/*.{yaml,yml,json}"));
        assertThat(agent.story()).containsExactly("header c1 9", "a.yaml=A", "d/b.yml=B", "trailer");
        assertThat(agent.end).hasValue(Status.OK);
        assertThat(line("GitOps: new commit").fields()).containsEntry("agent_id", 42L).containsEntry("project_id", PATH)
                .containsEntry("commit_id", "c1").containsEntry("git_ref", "HEAD");
        assertThat(line("GitOps: fetched files")).satisfies(line -> {
            assertThat(line.level()).isEqualTo(LogLevel.INFO);
            assertThat(line.fields()).containsEntry("files_visited", 3L).containsEntry("files_sent", 2L);
        });
        assertThat(bench.usage.snapshot().counts()).isEqualTo(Map.of("gitops_sync", 1L));
        assertIdle();
    }

    @Test
    @DisplayName("AG-41: a leading slash is removed, and only what the glob can match is listed")
    void listsAsLittleAsPossible() {
        bench.file("d/b.yml", "B");
        bench.file("d/e/b.yml", "C");
        bench.commit("c1");
        assertThat(bench.call(request("/d/*.yml")).story()).containsExactly("header c1 9", "d/b.yml=B", "trailer");
        assertThat(bench.reads).containsExactly("walk c1 d false", "read c1 d/b.yml 5242880");
    }

    @ParameterizedTest
    @CsvSource(delimiter = ' ', textBlock = """
            *.yaml . false
            simple-path/manifest.yaml simple-path false
            bla/*.yaml bla false
            /bla/*.yaml bla false
            bla/**/*.yaml bla true
            **/*.yaml . true
            [a-z]*/*.yaml . true
            bla/?aaa/*.yaml bla true
            bla/{a,b}.yaml bla false
            a/b/c*.yaml a/b false
            //x.yaml . true
            """)
    void globsAndWalks(String glob, String directory, boolean recursive) {
        GlobWalk walk = GlobWalk.of(glob);
        assertThat(walk.directory()).isEqualTo(directory);
        assertThat(walk.recursive()).isEqualTo(recursive);
    }

    @Test
    @DisplayName("AG-42: two globs that match the same file")
    void twice() {
        bench.file("a.yaml", "A");
        bench.commit("c1");
        Agent agent = bench.call(request("*.yaml", "**/*.yaml"));
        assertThat(agent.story()).containsExactly("header c1 9", "a.yaml=A");
        assertEnded(agent, Status.Code.FAILED_PRECONDITION, FAILED + ": manifest file: path visited more than once: a.yaml");
        assertThat(line(FAILED)).satisfies(line -> {
            assertThat(line.level()).isEqualTo(LogLevel.INFO);
            assertThat(line.fields()).containsEntry("error", "manifest file: path visited more than once: a.yaml");
        });
        assertThat(bench.usage.snapshot().counts()).isEmpty();
        assertIdle();
    }

    @Test
    @DisplayName("AG-43: no object has more than 131072 bytes; an empty file is one object")
    void chunks() {
        bench.files.put("a.yaml", ByteString.copyFrom(new byte[300_000]));
        bench.file("b.yaml", "");
        bench.commit("c1");
        Agent agent = bench.call(request("*.yaml"));
        assertThat(agent.responses.stream().filter(response -> response.hasObject()).map(response -> response.getObject().getSource() + " "
                + response.getObject().getData().size())).containsExactly("a.yaml 131072", "a.yaml 131072", "a.yaml 37856", "b.yaml 0");
    }

    @Test
    @DisplayName("GB-53, AG-44: all files of a walk count, whether they match or not; so many are allowed")
    void tooMany() {
        bench.settings = new GitopsSettings(Duration.ofMinutes(5), 100, 100, 100, 2);
        bench.file("a.yaml", "A");
        bench.file("b", "B");
        bench.commit("c1");
        assertThat(bench.call(request("*.yaml")).end).hasValue(Status.OK);
        bench.file("c", "C");
        Agent agent = bench.call(request("*.yaml"));
        assertThat(agent.story()).containsExactly("header c1 9", "a.yaml=A");
        assertEnded(agent, Status.Code.FAILED_PRECONDITION, FAILED + ": manifest file: maximum number of files limit reached: 2");
    }

    @Test
    @DisplayName("GB-54: files below directories with a dot are left out, files with a dot are not")
    void hidden() {
        List.of(".x/a.yaml", "d/.y/b.yaml", ".c.yaml", "d/e.yaml").forEach(path -> bench.file(path, ""));
        bench.commit("c1");
        assertThat(bench.call(request("**")).story()).containsExactly("header c1 9", ".c.yaml=", "d/e.yaml=", "trailer");
    }

    @Test
    void singleFilesComeAfterGlobsAndAreTakenAsTheyAre() {
        List.of("a.yaml", ".h/b.yaml", "c").forEach(path -> bench.file(path, path));
        bench.commit("c1");
        Agent agent = bench.call(request().addPaths(file("c")).addPaths(PathCF.newBuilder().setGlob("*.yaml")).addPaths(file(".h/b.yaml"))
                .addPaths(file("x/../.h/b.yaml")));
        assertThat(agent.story()).containsExactly("header c1 9", "a.yaml=a.yaml", "c=c", "trailer");
        assertEnded(bench.call(request().addPaths(file("/c"))), Status.Code.FAILED_PRECONDITION,
                FAILED + ": manifest file: NotFound: TreeEntry.Recv: file/directory/ref not found: /c");
        assertEnded(bench.call(request("c").addPaths(file("c"))), Status.Code.FAILED_PRECONDITION,
                FAILED + ": manifest file: path visited more than once: c");
    }

    private static PathCF file(String path) {
        return PathCF.newBuilder().setFile(path).build();
    }

    @Test
    @DisplayName("AG-45: what is left of the total bounds the next file; a total that is used up exactly is a failure")
    void total() {
        bench.settings = new GitopsSettings(Duration.ofMinutes(5), 5, 8, 100, 100);
        bench.file("a", "12345");
        bench.file("b", "123");
        bench.commit("c1");
        assertThat(bench.call(request("*")).end).hasValue(Status.OK);
        assertThat(bench.reads).containsExactly("walk c1 . false", "read c1 a 5", "read c1 b 3");
        bench.file("c", "");
        assertThat(bench.call(request("*")).end).hasValue(Status.OK);
        bench.file("d", "1");
        assertEnded(bench.call(request("*")), Status.Code.UNAVAILABLE, FAILED);
        assertThat(line(FAILED).fields()).containsEntry("error",
                "rpc error: code = Internal desc = unexpected negative remaining total file size");
    }

    @Test
    @DisplayName("AG-46: too many paths are refused before anybody is asked")
    void tooManyPaths() {
        bench.agents = (_, _) -> {
            throw new AssertionError("asked");
        };
        String[] globs = new String[101];
        java.util.Arrays.fill(globs, "*");
        assertEnded(bench.call(request(globs)), Status.Code.INVALID_ARGUMENT,
                "maximum number of GitOps paths per manifest project is 100, but 101 was requested");
        assertThat(bench.lookUps).isEmpty();
    }

    @Test
    void malformedGlobs() {
        bench.file("ax", "");
        bench.commit("c1");
        assertEnded(bench.call(request("/a[")), Status.Code.FAILED_PRECONDITION,
                FAILED + ": manifest file: glob a[ match failed: syntax error in pattern");
        assertThat(bench.call(request("b[")).end).hasValue(Status.OK);
    }

    @Test
    @DisplayName("AG-48: refs are looked for by their full names; one that is missing ends the stream")
    void refs() {
        bench.call(request("*"));
        bench.call(request("*").setRef(branch("x")));
        bench.call(request("*").setRef(branch("refs/heads/x")));
        Agent agent = bench.call(request("*").setRef(GitRefCF.newBuilder().setTag("v1")));
        assertThat(bench.watches.opened).containsExactly(PATH + " HEAD", PATH + " refs/heads/x", PATH + " refs/heads/refs/heads/x",
                PATH + " refs/tags/v1");
        bench.watches.fail(RepositoryException.notFound("InfoRefsUploadPack", "refs/tags/v1"));
        assertEnded(agent, Status.Code.NOT_FOUND,
                "GitOps: repository poll failed: NotFound: InfoRefsUploadPack: file/directory/ref not found: refs/tags/v1");
        assertThat(agent.responses).isEmpty();
        assertIdle();
    }

    @Test
    @DisplayName("AG-49: an agent that is up to date waits for a push to exactly its project")
    void waitsAndWakes() {
        bench.file("a", "A");
        bench.commit("c1");
        Agent agent = bench.call(request("*").setCommitId("c1"));
        assertThat(agent.responses).isEmpty();
        assertThat(agent.end).isEmpty();
        assertThat(line("GitOps: no updates").level()).isEqualTo(LogLevel.DEBUG);

        bench.watches.onPoke = () -> bench.commit("c2");
        bench.pushes.push("group");
        bench.pushes.push("Group/manifests");
        assertThat(bench.watches.pokes).isZero();
        bench.pushes.push(PATH);
        assertThat(agent.story()).containsExactly("header c2 9", "a=A", "trailer");
        assertIdle();
    }

    @Test
    void aPushPollsOnceHoweverManyAgentsWait() {
        bench.commit("c1");
        for (int i = 0; i < 5; i++) {
            bench.call(request("*").setCommitId("c1"));
        }
        bench.pushes.push(PATH);
        assertThat(bench.watches.pokes).isEqualTo(1);
    }

    @Test
    @DisplayName("AG-50: a commit that is synchronised already lasts beyond the age, not beyond the server")
    void holdsAfterFixedCommit() {
        Agent agent = bench.call(request("*").setCommitId("c1").setRef(fixed("c1")));
        assertThat(bench.log.lines("blocking GetObjectsToSynchronize because the request wants to synchronize a commit which already has"
                + " been synced")).hasSize(1);
        bench.age.end();
        bench.timers.advance(Duration.ofHours(3));
        bench.pushes.push(PATH);
        assertThat(agent.end).isEmpty();
        assertThat(agent.responses).isEmpty();
        assertThat(bench.lookUps).hasSize(1);
        bench.age.drain();
        assertThat(agent.end).hasValue(Status.OK);
        assertIdle();
    }

    @Test
    @DisplayName("AG-50: another commit is sent without looking for a ref")
    void fixedCommit() {
        bench.file("a", "A");
        Agent agent = bench.call(request("*").setCommitId("c1").setRef(fixed("c2")));
        assertThat(agent.story()).containsExactly("header c2 9", "a=A", "trailer");
        assertThat(bench.watches.opened).isEmpty();
        assertThat(line("GitOps: new commit").fields()).doesNotContainKey("git_ref");
        assertIdle();
    }

    @Test
    @DisplayName("AG-51, GB-20: a project that GitLab does not know ends the stream, and is the documented line")
    void projectNotFound() {
        bench.projects = (_, _) -> {
            throw GitLabException.status(404, "/p", "");
        };
        assertEnded(bench.call(request("*")), Status.Code.NOT_FOUND, "project not found");
        assertThat(line("GitOps: failed to get project info")).satisfies(line -> {
            assertThat(line.level()).isEqualTo(LogLevel.WARN);
            assertThat(line.fields()).containsEntry("agent_id", 42L).containsEntry("project_id", PATH)
                    .containsEntry("error", "error kind: 0; status: 404").containsEntry("remedy", "the remedy");
        });
        assertIdle();
    }

    @ParameterizedTest
    @CsvSource({"401,UNAUTHENTICATED,unauthenticated", "403,PERMISSION_DENIED,forbidden"})
    void refused(int answer, Status.Code code, String description) {
        bench.projects = (_, _) -> {
            throw GitLabException.status(answer, "/p", "");
        };
        assertEnded(bench.call(request("*")), code, description);
        assertThat(bench.log.lines()).isEmpty();
    }

    @Test
    @DisplayName("AG-51, GB-20: while GitLab fails the stream stays open and asks again after 10 to 20 s, or after a push")
    void projectUnavailable() {
        bench.projects = (_, _) -> {
            throw GitLabException.status(500, "/api/v4/internal/kubernetes/project_info", "");
        };
        Agent agent = bench.call(request("*"));
        assertThat(line("GetProjectInfo()")).satisfies(line -> {
            assertThat(line.level()).isEqualTo(LogLevel.ERROR);
            assertThat(line.fields()).containsEntry("agent_id", 42L).containsEntry("project_id", PATH).containsEntry("error",
                    "HTTP status code: 500 for path /api/v4/internal/kubernetes/project_info");
        });
        bench.timers.advance(Duration.ofMillis(9_999));
        assertThat(bench.lookUps).hasSize(1);
        bench.timers.advance(Duration.ofMillis(10_001));
        assertThat(bench.lookUps).hasSize(2);
        bench.pushes.push(PATH);
        assertThat(bench.lookUps).hasSize(3);
        assertThat(agent.end).isEmpty();

        bench.projects = (_, _) -> project("tcp://gitaly");
        bench.commit("c1");
        bench.pushes.push(PATH);
        assertThat(agent.end).hasValue(Status.OK);
        assertIdle();
    }

    @Test
    void theAgentIsIdentifiedOnceAndItsProjectEveryPeriod() {
        AtomicInteger identified = new AtomicInteger();
        bench.agents = (_, _) -> {
            if (identified.incrementAndGet() == 1) {
                throw Status.UNAVAILABLE.withDescription("unavailable").asException();
            }
            return new AgentInfo(AgentType.AGENTK, 42, "a", 7, GitalyInfo.getDefaultInstance(), GitalyRepository.getDefaultInstance(),
                    "main");
        };
        bench.commit("c1");
        Agent agent = bench.call(request("*").setCommitId("c1"));
        bench.timers.advance(Duration.ofSeconds(20));
        assertThat(identified).hasValue(2);
        bench.timers.advance(Duration.ofMinutes(10));
        assertThat(identified).hasValue(2);
        assertThat(bench.lookUps).hasSize(3);
        assertThat(agent.end).isEmpty();
    }

    @Test
    void aRefusedAgentGetsNothing() {
        bench.agents = (_, _) -> {
            throw Status.NOT_FOUND.withDescription("agent not found").asException();
        };
        assertEnded(bench.call(request("*")), Status.Code.NOT_FOUND, "agent not found");
        assertThat(bench.lookUps).isEmpty();
        assertIdle();
    }

    @Test
    void aTokenOfAnotherKindIsNoAgentForKubernetes() {
        bench.token = new AgentToken(AgentType.RUNNER, "secret-token");
        assertEnded(bench.call(request("*")), Status.Code.UNAUTHENTICATED, "unauthenticated");
    }

    @Test
    void whoMayNoLongerReadTheProjectIsToldWithinAPeriodOrBeforeTheNextCommit() {
        bench.commit("c1");
        Agent waiting = bench.call(request("*").setCommitId("c1"));
        bench.projects = (_, _) -> {
            throw GitLabException.status(401, "/p", "");
        };
        bench.timers.advance(Duration.ofMinutes(5));
        assertEnded(waiting, Status.Code.UNAUTHENTICATED, "unauthenticated");

        bench.projects = (_, _) -> project("tcp://gitaly");
        Agent other = bench.call(request("*").setCommitId("c1"));
        bench.projects = (_, _) -> {
            throw GitLabException.status(403, "/p", "");
        };
        bench.commit("c2");
        assertEnded(other, Status.Code.PERMISSION_DENIED, "forbidden");
        assertThat(other.responses).isEmpty();
        assertIdle();
    }

    @Test
    void aProjectThatMovedIsWatchedWhereItIsNow() {
        bench.commit("c1");
        bench.call(request("*").setCommitId("c1"));
        bench.projects = (_, _) -> project("tcp://other");
        bench.timers.advance(Duration.ofMinutes(5));
        assertThat(bench.watches.holds).singleElement()
                .satisfies(hold -> assertThat(hold.repository().gitaly().getAddress()).isEqualTo("tcp://other"));
    }

    @Test
    void anEmptyRepositoryIsWaitedFor() {
        bench.watches.tell(new Resolution.Empty());
        Agent agent = bench.call(request("*"));
        assertThat(agent.end).isEmpty();
        assertThat(line("GitOps: empty repository").level()).isEqualTo(LogLevel.DEBUG);
        bench.commit("c1");
        assertThat(agent.story()).containsExactly("header c1 9", "trailer");
    }

    @Test
    void pollsThatFailAreReportedOnceAndWaitedOut() {
        Agent one = bench.call(request("*"));
        Agent two = bench.call(request("*"));
        bench.watches.fail(failure(Code.RPC_ERROR, "RpcError: InfoRefsUploadPack: x"));
        assertThat(line("GitOps: repository poll failed")).satisfies(line -> {
            assertThat(line.level()).isEqualTo(LogLevel.ERROR);
            assertThat(line.fields()).containsEntry("agent_id", 42L).containsEntry("error", "RpcError: InfoRefsUploadPack: x");
        });
        bench.commit("c1");
        assertThat(one.end).hasValue(Status.OK);
        assertThat(two.end).hasValue(Status.OK);
    }

    @Test
    void theEndOfTheAgeEndsWaiting() {
        bench.commit("c1");
        Agent agent = bench.call(request("*").setCommitId("c1"));
        bench.age.end();
        assertThat(agent.end).hasValue(Status.OK);
        assertThat(agent.responses).isEmpty();
        assertIdle();
    }

    @Test
    void anAgentThatGoesLeavesNothing() {
        bench.commit("c1");
        bench.call(request("*").setCommitId("c1")).cancel();
        assertIdle();
    }

    @ParameterizedTest
    @CsvSource({"NOT_FOUND,FAILED_PRECONDITION", "FILE_TOO_BIG,FAILED_PRECONDITION", "UNEXPECTED_TREE_ENTRY_TYPE,FAILED_PRECONDITION",
            "INVALID_ARGUMENT,FAILED_PRECONDITION", "RPC_ERROR,UNAVAILABLE", "PROTOCOL_ERROR,UNAVAILABLE", "UNKNOWN,UNAVAILABLE"})
    @DisplayName("AG-45: what fails after the header ends the stream without a trailer")
    void failsAfterTheHeader(Code code, Status.Code status) {
        bench.reader = new Failing(failure(code, "the text"));
        bench.commit("c1");
        Agent agent = bench.call(request("*"));
        assertThat(agent.story()).containsExactly("header c1 9");
        boolean told = status == Status.Code.FAILED_PRECONDITION;
        String text = code == Code.UNKNOWN ? "GitOps: PathFetcher" : FAILED;
        assertEnded(agent, status, told ? FAILED + ": manifest file: the text" : text);
        assertThat(line(text)).satisfies(line -> {
            assertThat(line.level()).isEqualTo(told ? LogLevel.INFO : LogLevel.ERROR);
            assertThat(line.fields()).containsEntry("error", told ? "manifest file: the text" : "the text");
        });
        assertThat(bench.usage.snapshot().counts()).isEmpty();
        assertIdle();
    }

    @ParameterizedTest
    @CsvSource({"CANCELLED", "DEADLINE_EXCEEDED"})
    void cancelledByTheRepositorysServer(Status.Code code) {
        bench.reader = new Failing(RepositoryException.rpcFailed("TreeEntry", "p", code.toStatus().asException()));
        bench.commit("c1");
        assertEnded(bench.call(request("*")), code, FAILED);
        assertThat(bench.log.lines(FAILED)).isEmpty();
    }

    @Test
    void aSlowAgentIsReadForAsMuchAsItTakes() throws Exception {
        AtomicInteger chunks = new AtomicInteger();
        AtomicInteger interrupted = new AtomicInteger();
        bench.reader = new Endless(chunks, interrupted);
        bench.commit("c1");
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            bench.executor = threads;
            Agent agent = bench.call(request("*"), 1);
            await().until(() -> agent.responses.size() == 1);
            await().during(Duration.ofMillis(200)).until(() -> chunks.get() <= 2);
            agent.read(3);
            await().until(() -> agent.responses.size() == 4);
            await().during(Duration.ofMillis(200)).until(() -> chunks.get() <= 5);
            agent.cancel();
            await().untilAtomic(interrupted, org.hamcrest.Matchers.is(1));
            await().untilAsserted(this::assertIdle);
        }
    }

    /** Fails to list. */
    private record Failing(RepositoryException failure) implements RepositoryReader {
        @Override
        public Resolution resolve(Repository repository, String ref) throws RepositoryException {
            throw failure;
        }

        @Override
        public void read(Repository repository, String revision, String path, long maximumSize, Chunks chunks) throws RepositoryException {
            throw failure;
        }

        @Override
        public void walk(Repository repository, String revision, String directory, boolean recursive, Visitor visitor)
                throws RepositoryException {
            throw failure;
        }
    }

    /** One file without end. */
    private record Endless(AtomicInteger chunks, AtomicInteger interrupted) implements RepositoryReader {
        @Override
        public Resolution resolve(Repository repository, String ref) {
            return new Resolution.Empty();
        }

        @Override
        public void read(Repository repository, String revision, String path, long maximumSize, Chunks to)
                throws RepositoryException, InterruptedException {
            try {
                while (true) {
                    chunks.incrementAndGet();
                    to.accept(ByteString.copyFromUtf8("x"));
                }
            } catch (InterruptedException e) {
                interrupted.incrementAndGet();
                throw e;
            }
        }

        @Override
        public void walk(Repository repository, String revision, String directory, boolean recursive, Visitor visitor)
                throws RepositoryException, InterruptedException {
            visitor.visit(new TreeBlob("file", revision));
        }
    }
}
