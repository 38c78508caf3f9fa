package org.openkas.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.MetadataUtils;
import java.nio.file.Path;
import java.time.Duration;
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
    @TempDir
    Path directory;

    private String ask(FakeGitLab gitLab, String section) throws Exception {
        try (RunningServer running = RunningServer.withGitLab(directory, gitLab,
                "agent: {listen: {address: '127.0.0.1:0', listen_grace_period: 0.01s}" + section + "}")) {
            ManagedChannel channel = running.channel();
            try {
                Metadata headers = new Metadata();
                headers.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer glrt-a-token");
                headers.put(Metadata.Key.of("gitlab-agent-type", Metadata.ASCII_STRING_MARSHALLER), "runner");
                return JobRouterGrpc.newBlockingStub(channel).withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
                        .withDeadlineAfter(Duration.ofSeconds(20))
                        .getJob(GetJobRequest.newBuilder().setJobRequest(ByteString.copyFromUtf8("{}")).build()).getJobResponse()
                        .toStringUtf8();
            } finally {
                channel.shutdownNow();
            }
        }
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
}
