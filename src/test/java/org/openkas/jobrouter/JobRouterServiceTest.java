package org.openkas.jobrouter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.openkas.jobrouter.RunnersSite.INFO;
import static org.openkas.jobrouter.RunnersSite.REQUEST;
import static org.openkas.jobrouter.RunnersSite.TOKEN;
import static org.openkas.jobrouter.RunnersSite.job;

import io.grpc.ClientCall;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.openkas.common.LogLevel;
import org.openkas.proto.jobrouter.GetJobRequest;
import org.openkas.proto.jobrouter.GetJobResponse;
import org.openkas.testkit.GitLabAnswer;
import org.openkas.testkit.GitLabRequestSeen;

/** NR-016, NR-048 to NR-053, with a runner that is written from chapter 07 §9.2. */
@Timeout(120)
class JobRouterServiceTest {
    private static final String ANSWER = "{\"id\":77,\"token\":\"glcbt-secret\",\"job_info\":{}}";

    private final List<RunnersSite> opened = new ArrayList<>();

    private RunnersSite site(boolean on) throws Exception {
        RunnersSite site = new RunnersSite(on);
        opened.add(site);
        return site;
    }

    @AfterEach
    void close() {
        opened.forEach(RunnersSite::close);
    }

    @Test
    @DisplayName("NR-048 a job of GitLab reaches the runner byte for byte; without one the answer is empty")
    void jobs() throws Exception {
        RunnersSite site = site(true);
        RunnersSite.Runner runner = site.runner(TOKEN);
        assertThat(runner.ask("{\"token\":\"a\"}")).isEmpty();
        site.gitLab.next(REQUEST, GitLabAnswer.json(201, ANSWER));
        String request = "{ \"token\" : \"a\",\"info\":{},\"unknown\":1e5}";
        assertThat(runner.ask(request)).isEqualTo(ANSWER);
        GitLabRequestSeen seen = site.gitLab.requests(REQUEST).getLast();
        assertThat(seen.method()).isEqualTo("POST");
        assertThat(seen.bodyText()).isEqualTo(request);
        assertThat(seen.header("Content-Type")).isEqualTo("application/json");
        assertThat(seen.header("X-Request-Id")).isEqualTo("a-request-id");
        assertThat(seen.header("Authorization")).isEmpty();
        assertThat(site.gitLab.requests(INFO)).as("who bears the token is remembered").hasSize(1);
        assertThat(site.log.lines().toString()).doesNotContain("glcbt-secret", TOKEN);
    }

    @Test
    @DisplayName("NR-049 X-GitLab-Last-Update and X-Request-Id of GitLab come as headers, with a job and without")
    void headers() throws Exception {
        RunnersSite site = site(true);
        RunnersSite.Runner runner = site.runner(TOKEN);
        site.gitLab.next(REQUEST, GitLabAnswer.status(204).with("X-GitLab-Last-Update", "abc").with("X-Request-Id", "r1"),
                GitLabAnswer.json(201, ANSWER).with("X-GitLab-Last-Update", "def"));
        runner.ask("{}");
        assertThat(runner.lastUpdate()).isEqualTo("abc");
        assertThat(runner.headers.get().get(AnswerHeaders.REQUEST_ID)).isEqualTo("r1");
        runner.ask("{}");
        assertThat(runner.lastUpdate()).isEqualTo("def");
    }

    @ParameterizedTest
    @CsvSource({"401,UNAUTHENTICATED", "403,PERMISSION_DENIED", "404,UNIMPLEMENTED", "409,ABORTED", "422,INVALID_ARGUMENT",
            "429,RESOURCE_EXHAUSTED", "500,UNAVAILABLE", "501,UNIMPLEMENTED", "502,UNAVAILABLE", "503,UNAVAILABLE", "302,UNAVAILABLE"})
    @DisplayName("NR-050 what GitLab's statuses mean to a runner")
    void statuses(int status, Status.Code code) throws Exception {
        RunnersSite site = site(true);
        site.gitLab.next(REQUEST, GitLabAnswer.json(status, "{}"));
        assertFails(site.runner(TOKEN), code);
        assertThat(site.gitLab.requests(REQUEST)).as("nothing is asked twice").hasSize(1);
    }

    @Test
    @DisplayName("GitLab that hangs up means UNAVAILABLE; one line in the log however many runners ask")
    void unreachable() throws Exception {
        RunnersSite site = site(true);
        site.gitLab.always(REQUEST, request -> GitLabAnswer.hangUp());
        RunnersSite.Runner runner = site.runner(TOKEN);
        for (int i = 0; i < 5; i++) {
            assertFails(runner, Status.Code.UNAVAILABLE);
        }
        assertThat(site.log.lines("Requests for jobs fail")).hasSize(1);
    }

    @Test
    @DisplayName("NR-016 a runner's token is checked as one of a runner; an unknown one is UNAUTHENTICATED, and asks for no job")
    void unknownRunner() throws Exception {
        RunnersSite site = site(true);
        assertFails(site.runner("glrt-unknown-to-gitlab"), Status.Code.UNAUTHENTICATED);
        assertFails(site.runner("glrt-unknown-to-gitlab"), Status.Code.UNAUTHENTICATED);
        assertThat(site.gitLab.requests()).extracting(GitLabRequestSeen::path).containsExactly("/api/v4" + INFO);
        assertFails(site.runner(TOKEN, "agentk"), Status.Code.PERMISSION_DENIED);
        assertThat(site.gitLab.requests()).hasSize(1);
    }

    @Test
    @DisplayName("NR-051 with the job router off any token gets UNIMPLEMENTED, and GitLab is not asked")
    void off() throws Exception {
        RunnersSite site = site(false);
        assertFails(site.runner(TOKEN), Status.Code.UNIMPLEMENTED);
        assertFails(site.runner("no token at all"), Status.Code.UNIMPLEMENTED);
        assertThat(site.gitLab.requests()).isEmpty();
    }

    @Test
    @DisplayName("NR-052 the name of GitLab Runner 18.8 and that of 18.9 lead to the same")
    void names() throws Exception {
        RunnersSite site = site(true);
        site.gitLab.next(REQUEST, GitLabAnswer.json(201, "{\"id\":1}"), GitLabAnswer.json(201, "{\"id\":2}"));
        RunnersSite.Runner runner = site.runner(TOKEN);
        assertThat(runner.ask("gitlab.agent.job_router.rpc.JobRouter/GetJob", "{}")).isEqualTo("{\"id\":1}");
        assertThat(runner.ask("gitlab.agent.runner.rpc.JobRouter/GetJob", "{}")).isEqualTo("{\"id\":2}");
    }

    private static void assertFails(RunnersSite.Runner runner, Status.Code code) {
        assertThatThrownBy(() -> runner.ask("{}")).isInstanceOfSatisfying(StatusRuntimeException.class,
                failure -> assertThat(failure.getStatus().getCode()).isEqualTo(code));
    }

    @Test
    @DisplayName("a job that comes for a runner that has left is reported as failed, without its token in the log")
    void runnerLeft() throws Exception {
        RunnersSite site = site(true);
        site.gitLab.next(REQUEST, GitLabAnswer.json(201, ANSWER).after(Duration.ofSeconds(1)));
        site.gitLab.next("/jobs/77", GitLabAnswer.status(200));
        ClientCall<GetJobRequest, GetJobResponse> call = site.runner(TOKEN).call();
        ClientCalls.asyncUnaryCall(call, job("{}"), new Outcome(new ConcurrentLinkedQueue<>()));
        await().until(() -> site.gitLab.requests(REQUEST).size() == 1);
        call.cancel("the runner stops", null);
        await().atMost(Duration.ofSeconds(10)).until(() -> site.gitLab.requests("/jobs/77").size() == 1);
        GitLabRequestSeen report = site.gitLab.requests("/jobs/77").getFirst();
        assertThat(report.method()).isEqualTo("PUT");
        assertThat(report.bodyText())
                .isEqualTo("{\"token\":\"glcbt-secret\",\"state\":\"failed\",\"failure_reason\":\"runner_system_failure\"}");
        await().until(
                () -> site.log.lines().stream().anyMatch(line -> line.level() == LogLevel.WARN && line.fields().containsKey("job_id")));
        assertThat(site.log.lines().toString()).doesNotContain("glcbt-secret");
    }

    @Test
    @DisplayName("a request of a runner that has left is given up after 10 s")
    void givenUp() throws Exception {
        RunnersSite site = site(true);
        site.gitLab.next(REQUEST, GitLabAnswer.json(201, ANSWER).after(Duration.ofMinutes(1)));
        ClientCall<GetJobRequest, GetJobResponse> call = site.runner(TOKEN).call();
        ClientCalls.asyncUnaryCall(call, job("{}"), new Outcome(new ConcurrentLinkedQueue<>()));
        await().until(() -> site.gitLab.requests(REQUEST).size() == 1);
        call.cancel("the runner stops", null);
        await().atMost(Duration.ofSeconds(20)).until(() -> site.service.orElseThrow().waiting() == 0);
        await().until(() -> site.gitLab.openConnections() <= 1);
    }

    @Test
    @DisplayName("NR-053 5,000 runners wait without a thread each; a drain ends them within 5 s, without an error")
    void manyRunners() throws Exception {
        RunnersSite site = site(true);
        site.gitLab.always(REQUEST, request -> GitLabAnswer.status(204).after(Duration.ofMinutes(5)));
        List<RunnersSite.Runner> runners = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            runners.add(site.runner(TOKEN));
        }
        runners.getFirst().connection.getState(true);
        Queue<String> outcomes = new ConcurrentLinkedQueue<>();
        long threads = serverThreads();
        for (int i = 0; i < 5_000; i++) {
            ClientCalls.asyncUnaryCall(runners.get(i % runners.size()).call(), job("{}"), new Outcome(outcomes));
        }
        await().atMost(Duration.ofSeconds(60)).until(() -> site.gitLab.requests(REQUEST).size() == 5_000);
        assertThat(serverThreads()).isLessThan(threads + 50);
        assertThat(outcomes).isEmpty();
        Future<?> drained = site.threads.executor().submit(() -> {
            site.server.drain(Duration.ofSeconds(30), site.service.orElseThrow()::stop);
            return null;
        });
        // 5 s where runners and GitLab have processors of their own
        await().atMost(Duration.ofSeconds(10)).until(() -> outcomes.size() == 5_000);
        assertThat(outcomes).containsOnly("");
        drained.get(10, TimeUnit.SECONDS);
    }

    @Test
    @DisplayName("NR-053 a server that is about to stop lets nobody wait, but passes on the jobs that GitLab has at once")
    void aboutToStop() throws Exception {
        RunnersSite site = site(true);
        RunnersSite.Runner runner = site.runner(TOKEN);
        site.gitLab.always(REQUEST, request -> GitLabAnswer.status(204).after(Duration.ofMinutes(5)));
        Queue<String> outcomes = new ConcurrentLinkedQueue<>();
        ClientCalls.asyncUnaryCall(runner.call(), job("{}"), new Outcome(outcomes));
        await().until(() -> site.gitLab.requests(REQUEST).size() == 1);
        site.service.orElseThrow().leave();
        await().atMost(Duration.ofSeconds(10)).until(() -> !outcomes.isEmpty());
        assertThat(outcomes).containsExactly("");
        assertThat(runner.ask("{}")).isEmpty();
        site.gitLab.always(REQUEST, request -> GitLabAnswer.json(201, ANSWER));
        assertThat(runner.ask("{}")).isEqualTo(ANSWER);
        site.service.orElseThrow().stop();
        assertThat(runner.ask("{}")).isEmpty();
    }

    /** All threads of this process but those on which the runners' library hears of answers. */
    private static long serverThreads() {
        return Thread.getAllStackTraces().keySet().stream().filter(thread -> !thread.getName().startsWith("grpc-default-executor")).count();
    }

    /** The job, or the status. */
    private record Outcome(Queue<String> outcomes) implements StreamObserver<GetJobResponse> {
        @Override
        public void onNext(GetJobResponse job) {
            outcomes.add(job.getJobResponse().toStringUtf8());
        }

        @Override
        public void onError(Throwable failure) {
            outcomes.add(Status.fromThrowable(failure).toString());
        }

        @Override
        public void onCompleted() {
            // the job was all
        }
    }
}
