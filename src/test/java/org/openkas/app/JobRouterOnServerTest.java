package org.openkas.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.MetadataUtils;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.openkas.proto.jobrouter.GetJobRequest;
import org.openkas.proto.jobrouter.JobRouterGrpc;
import org.openkas.testkit.FakeGitLab;
import org.openkas.testkit.GitLabAnswer;

/** The job router of the whole server: on and off. */
@Timeout(60)
class JobRouterOnServerTest {
    private static final GetJobRequest REQUEST = GetJobRequest.newBuilder().setJobRequest(ByteString.copyFromUtf8("{}")).build();

    @TempDir
    Path directory;

    private String ask(FakeGitLab gitLab, String section) throws Exception {
        try (RunningServer running = RunningServer.withGitLab(directory, gitLab,
                "agent: {listen: {address: '127.0.0.1:0', listen_grace_period: 0.01s}" + section + "}")) {
            ManagedChannel channel = running.channel();
            try {
                return stub(channel).withDeadlineAfter(Duration.ofSeconds(20)).getJob(REQUEST).getJobResponse().toStringUtf8();
            } finally {
                channel.shutdownNow();
            }
        }
    }

    private static JobRouterGrpc.JobRouterBlockingStub stub(ManagedChannel channel) {
        Metadata headers = new Metadata();
        headers.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer glrt-a-token");
        headers.put(Metadata.Key.of("gitlab-agent-type", Metadata.ASCII_STRING_MARSHALLER), "runner");
        return JobRouterGrpc.newBlockingStub(channel).withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers));
    }

    @Test
    @DisplayName("NR-048 with agent.job_router.enabled a runner gets GitLab's job")
    void on() throws Exception {
        try (FakeGitLab gitLab = FakeGitLab.release19()) {
            gitLab.always("/internal/ci/agents/runner/info", request -> GitLabAnswer.json(200, "{\"runner_id\":5}"));
            gitLab.always("/internal/ci/job_router/jobs/request", request -> GitLabAnswer.json(201, "{\"id\":1}"));
            assertThat(ask(gitLab, ", job_router: {enabled: true}")).isEqualTo("{\"id\":1}");
        }
    }

    @Test
    @DisplayName("NR-051 without the setting it is off: UNIMPLEMENTED, and GitLab is not asked")
    void off() throws Exception {
        try (FakeGitLab gitLab = FakeGitLab.release19()) {
            assertThatThrownBy(() -> ask(gitLab, "")).isInstanceOfSatisfying(StatusRuntimeException.class,
                    failure -> assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.UNIMPLEMENTED));
            assertThat(gitLab.requests()).isEmpty();
        }
    }

    @Test
    @DisplayName("NR-053 a runner that waits is told when the server begins to stop, however long the Kubernetes API takes")
    void drain() throws Exception {
        try (FakeGitLab gitLab = FakeGitLab.release19();
                RunningServer running = RunningServer.withGitLab(directory, gitLab, """
                        agent:
                          listen: {address: "127.0.0.1:0", listen_grace_period: 0.01s}
                          job_router: {enabled: true}
                          kubernetes_api: {listen: {address: "127.0.0.1:0", listen_grace_period: 50s}}
                        """)) {
            gitLab.always("/internal/ci/agents/runner/info", request -> GitLabAnswer.json(200, "{\"runner_id\":5}"));
            gitLab.always("/internal/ci/job_router/jobs/request", request -> GitLabAnswer.status(204).after(Duration.ofMinutes(5)));
            ManagedChannel channel = running.channel();
            Thread drain = Thread.ofVirtual().unstarted(running.server::drain);
            try (ExecutorService runner = Executors.newVirtualThreadPerTaskExecutor()) {
                Future<String> job = runner.submit(() -> stub(channel).getJob(REQUEST).getJobResponse().toStringUtf8());
                await().until(() -> !gitLab.requests("/internal/ci/job_router/jobs/request").isEmpty());
                assertThat(job).isNotDone();
                drain.start();
                assertThat(job.get(20, TimeUnit.SECONDS)).isEmpty();
                assertThat(drain.isAlive()).as("the server waits for the Kubernetes API").isTrue();
            } finally {
                drain.interrupt();
                channel.shutdownNow();
            }
        }
    }
}
