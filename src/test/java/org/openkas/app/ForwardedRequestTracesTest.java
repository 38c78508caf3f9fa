package org.openkas.app;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.openkas.testkit.ModuleStream.header;

import com.google.protobuf.ByteString;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.stub.MetadataUtils;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.openkas.proto.jobrouter.GetJobRequest;
import org.openkas.proto.jobrouter.JobRouterGrpc;
import org.openkas.testkit.FakeCollector;
import org.openkas.testkit.FakeGitLab;
import org.openkas.testkit.GitLabAnswer;
import org.openkas.testkit.ModuleStream;

/** Requests that agents and runners have the server make are part of their traces, and GitLab is told (chapter 05 §14). */
@Timeout(60)
class ForwardedRequestTracesTest {
    private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
    private static final String MODULE = "/internal/kubernetes/modules/remote_development/reconcile";
    private static final String JOBS = "/internal/ci/job_router/jobs/request";

    @TempDir
    Path directory;

    private static Channel traced(Channel channel, String... more) {
        Metadata headers = new Metadata();
        headers.put(Metadata.Key.of("traceparent", Metadata.ASCII_STRING_MARSHALLER), "00-" + TRACE + "-b7ad6b7169203331-01");
        for (int i = 0; i < more.length; i += 2) {
            headers.put(Metadata.Key.of(more[i], Metadata.ASCII_STRING_MARSHALLER), more[i + 1]);
        }
        return ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(headers));
    }

    @Test
    @DisplayName("GB-06: a module's request and a long poll for a job; what a module says of traces itself does not count")
    void partOfTrace() throws Exception {
        try (FakeGitLab gitLab = FakeGitLab.release19(); FakeCollector collector = new FakeCollector()) {
            gitLab.always(MODULE, request -> GitLabAnswer.json(201, "{}"));
            gitLab.always("/internal/ci/agents/runner/info", request -> GitLabAnswer.json(200, "{\"runner_id\":5}"));
            gitLab.always(JOBS, request -> GitLabAnswer.status(204));
            try (RunningServer running = RunningServer.withGitLab(directory, gitLab,
                    "agent: {listen: {address: '127.0.0.1:0', listen_grace_period: 0.01s}, job_router: {enabled: true}}\n"
                            + "observability: {listen: {address: '127.0.0.1:0'}, tracing: {otlp_endpoint: '" + collector.address() + "'}}")) {
                ManagedChannel channel = running.channel();
                ModuleStream stream = ModuleStream.open(traced(channel), "token")
                        .header(header("remote_development", "POST", "/reconcile", Map.of(), "Traceparent",
                                "00-" + "7".repeat(32) + "-b7ad6b7169203331-01"))
                        .data("body").trailer().halfClose();
                assertThat(stream.end().get(20, SECONDS)).isEqualTo(Status.OK);
                JobRouterGrpc.newBlockingStub(traced(channel, "authorization", "Bearer glrt-a-token", "gitlab-agent-type", "runner"))
                        .withDeadlineAfter(Duration.ofSeconds(20))
                        .getJob(GetJobRequest.newBuilder().setJobRequest(ByteString.copyFromUtf8("{}")).build());
                channel.shutdownNow();
            }
            assertTold(gitLab, collector, MODULE, 201);
            assertTold(gitLab, collector, JOBS, 204);
            assertThat(collector.spans("HTTP POST")).filteredOn(span -> span.attributes().get("http.url").toString().endsWith(MODULE))
                    .singleElement().satisfies(span -> assertThat(span.attributes()).containsEntry("http.request_content_length", 4L));
        }
    }

    private static void assertTold(FakeGitLab gitLab, FakeCollector collector, String path, long status) {
        FakeCollector.Span request = collector.spans("HTTP POST").stream()
                .filter(span -> span.attributes().get("http.url").toString().endsWith(path)).findFirst().orElseThrow();
        assertThat(request.trace()).isEqualTo(TRACE);
        assertThat(request.attributes()).containsEntry("http.status_code", status);
        assertThat(gitLab.requests(path)).singleElement().satisfies(seen -> assertThat(seen.headers().get("traceparent"))
                .containsExactly("00-" + TRACE + "-" + request.id() + "-01"));
    }
}
