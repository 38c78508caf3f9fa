package org.openkas.jobrouter;

import com.google.protobuf.ByteString;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptors;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.openkas.agentapi.AgentGate;
import org.openkas.agentapi.AgentServer;
import org.openkas.cluster.MemoryErrorCache;
import org.openkas.gitlab.CachedLookup;
import org.openkas.gitlab.GitLabAddress;
import org.openkas.gitlab.GitLabClient;
import org.openkas.gitlab.LimiterObserver;
import org.openkas.gitlab.TokenBucket;
import org.openkas.gitlab.TrustedCertificates;
import org.openkas.grpc.GrpcServerMetrics;
import org.openkas.grpc.ListenerSettings;
import org.openkas.jwt.TokenSigner;
import org.openkas.net.ListenAddress;
import org.openkas.net.Network;
import org.openkas.net.Security;
import org.openkas.proto.jobrouter.GetJobRequest;
import org.openkas.proto.jobrouter.GetJobResponse;
import org.openkas.proto.jobrouter.JobRouterGrpc;
import org.openkas.testkit.FakeGitLab;
import org.openkas.testkit.GitLabAnswer;
import org.openkas.testkit.RecordedLog;
import org.openkas.testkit.Threads;

/**
 * The agents' listener with a GitLab behind it, and runners. GitLab knows runner 5 by {@link #TOKEN} and has no jobs unless told
 * otherwise.
 */
final class RunnersSite implements AutoCloseable {
    static final String TOKEN = "glrt-a-token-of-a-runner";
    static final String INFO = "/internal/ci/agents/runner/info";
    static final String REQUEST = "/internal/ci/job_router/jobs/request";
    private static final Metadata.Key<String> LAST_UPDATE = Metadata.Key.of("x-gitlab-last-update", Metadata.ASCII_STRING_MARSHALLER);

    final FakeGitLab gitLab = FakeGitLab.release19();
    final RecordedLog log = new RecordedLog();
    final Threads threads = new Threads();
    final Optional<JobRouterService> service;
    final AgentServer server;
    private final List<Runnable> opened = new ArrayList<>();

    RunnersSite(boolean on) throws Exception {
        gitLab.always(INFO, request -> request.header("Gitlab-Agent-Api-Request").equals(TOKEN) && request.header("Authorization").isEmpty()
                ? GitLabAnswer.json(200, "{\"runner_id\":5}")
                : GitLabAnswer.json(401, "{}"));
        gitLab.always(REQUEST, request -> GitLabAnswer.status(204));
        GitLabAddress address = GitLabAddress.parse(gitLab.address().toString());
        TrustedCertificates trusted = TrustedCertificates.ofHost(Map.of());
        TokenSigner signer = new TokenSigner(FakeGitLab.SECRET, "gitlab-kas", List.of("gitlab"), Duration.ofMinutes(2), threads.timers());
        GitLabClient usual = GitLabClient.of(address, trusted, Map.of(), "test", signer,
                new TokenBucket(1000, 1000, threads.timers(), LimiterObserver.NONE), threads.timers(), threads.executor());
        GitLabClient longPolls = GitLabClient.ofLongPolls(address, trusted, Map.of(), "test", signer, threads.timers(), threads.executor(),
                Optional.empty());
        opened.addAll(List.of(usual::close, longPolls::close));
        service = on
                ? Optional.of(new JobRouterService(usual, longPolls, new MemoryErrorCache(threads.timers()),
                        new CachedLookup.Lifetimes(Duration.ofMinutes(5), Duration.ofMinutes(1), Duration.ofMinutes(5)), threads.timers(),
                        threads.executor(), log.log()))
                : Optional.empty();
        AgentGate gate = new AgentGate(new GrpcServerMetrics(new PrometheusRegistry()), message -> Optional.empty(),
                token -> CompletableFuture.completedFuture(true), () -> {
        }, Map.of(), log.log());
        server = new AgentServer(ListenerSettings.http2(new ListenAddress(Network.TCP, "127.0.0.1:0"), new Security.Plain(),
                Duration.ofHours(2), Duration.ZERO), threads.runtime(), service.stream().toList(), gate, log.log());
        server.start();
    }

    /** A runner's connection, with this token. */
    Runner runner(String token) {
        return new Runner(token, "runner");
    }

    Runner runner(String token, String type) {
        return new Runner(token, type);
    }

    /** A runner. */
    final class Runner {
        final AtomicReference<Metadata> headers = new AtomicReference<>();
        final AtomicReference<Metadata> trailers = new AtomicReference<>();
        final Channel channel;
        final ManagedChannel connection;

        private Runner(String token, String type) {
            connection = NettyChannelBuilder.forAddress("127.0.0.1", server.bound().port()).usePlaintext().build();
            opened.add(connection::shutdownNow);
            Metadata sent = new Metadata();
            sent.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + token);
            sent.put(Metadata.Key.of("gitlab-agent-type", Metadata.ASCII_STRING_MARSHALLER), type);
            sent.put(Metadata.Key.of("x-request-id", Metadata.ASCII_STRING_MARSHALLER), "a-request-id");
            channel = ClientInterceptors.intercept(connection, MetadataUtils.newAttachHeadersInterceptor(sent),
                    MetadataUtils.newCaptureMetadataInterceptor(headers, trailers));
        }

        /** The job, as text; empty for none. */
        String ask(String request) {
            return ask("gitlab.agent.job_router.rpc.JobRouter/GetJob", request);
        }

        String ask(String method, String request) {
            MethodDescriptor<GetJobRequest, GetJobResponse> called = JobRouterGrpc.getGetJobMethod().toBuilder().setFullMethodName(method)
                    .build();
            return ClientCalls
                    .blockingUnaryCall(channel, called, CallOptions.DEFAULT.withDeadlineAfter(Duration.ofSeconds(30)), job(request))
                    .getJobResponse().toStringUtf8();
        }

        /** A call whose answer is not waited for. */
        ClientCall<GetJobRequest, GetJobResponse> call() {
            return channel.newCall(JobRouterGrpc.getGetJobMethod(), CallOptions.DEFAULT);
        }

        String lastUpdate() {
            return String.valueOf(headers.get().get(LAST_UPDATE));
        }
    }

    static GetJobRequest job(String request) {
        return GetJobRequest.newBuilder().setJobRequest(ByteString.copyFromUtf8(request)).build();
    }

    @Override
    public void close() {
        opened.reversed().forEach(Runnable::run);
        server.close();
        gitLab.close();
        threads.close();
    }
}
