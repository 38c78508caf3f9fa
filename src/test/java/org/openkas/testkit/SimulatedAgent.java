package org.openkas.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.ClientInterceptors;
import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.openkas.proto.agentconfiguration.AgentConfigurationGrpc;
import org.openkas.proto.agentconfiguration.ConfigurationRequest;
import org.openkas.proto.agentconfiguration.ConfigurationResponse;
import org.openkas.proto.agentregistrar.AgentRegistrarGrpc;
import org.openkas.proto.agentregistrar.RegisterRequest;
import org.openkas.proto.entity.AgentMeta;

/** What a stock agent of 16.5 asks of the server, over one connection, compressed as that one does it. */
public final class SimulatedAgent implements AutoCloseable {
    private final ManagedChannel connection;
    private final Channel authorized;
    private final AgentMeta meta;

    /** An agent that shows {@code token} on {@code connection}, which is closed with it. */
    public SimulatedAgent(ManagedChannel connection, String token, String podName) {
        this.connection = connection;
        Metadata headers = new Metadata();
        headers.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + token);
        authorized = ClientInterceptors.intercept(connection, MetadataUtils.newAttachHeadersInterceptor(headers));
        meta = AgentMeta.newBuilder().setVersion("v16.5.0").setCommitId("c0ffee").setPodNamespace("gitlab-agent").setPodName(podName)
                .build();
    }

    /** What it says about itself. */
    public AgentMeta meta() {
        return meta;
    }

    /** Shows up as connected. */
    public void register(long podId) {
        AgentRegistrarGrpc.newBlockingStub(authorized).withCompression("gzip").withDeadlineAfter(Duration.ofSeconds(10))
                .register(RegisterRequest.newBuilder().setAgentMeta(meta).setPodId(podId).build());
    }

    /** Asks for its configuration, as the one that has processed {@code lastCommit}. */
    public Configurations configurations(String lastCommit) {
        Configurations stream = new Configurations();
        AgentConfigurationGrpc.newStub(authorized).withCompression("gzip").getConfiguration(
                ConfigurationRequest.newBuilder().setCommitId(lastCommit).setAgentMeta(meta).setSkipRegister(true).build(), stream);
        return stream;
    }

    /** Opens tunnels and serves what comes through them; see {@link SimulatedTunnels}. The caller closes them. */
    public SimulatedTunnels tunnels(int count, ServerServiceDefinition... services) {
        return new SimulatedTunnels(authorized, count, services);
    }

    /** The agent's connection, with its token on every call. */
    public Channel authorized() {
        return authorized;
    }

    /** What a stream of configurations told the agent. Thread-safe. */
    public static final class Configurations implements StreamObserver<ConfigurationResponse> {
        private final BlockingQueue<ConfigurationResponse> responses = new LinkedBlockingQueue<>();
        private final CompletableFuture<Status> end = new CompletableFuture<>();

        /** The next configuration, which has to come within {@code limit}. */
        public ConfigurationResponse next(Duration limit) throws InterruptedException {
            ConfigurationResponse next = responses.poll(limit.toMillis(), TimeUnit.MILLISECONDS);
            assertThat(next).as("a configuration within %s; the stream's end: %s", limit, end).isNotNull();
            return next;
        }

        /** How the stream ends. */
        public CompletableFuture<Status> end() {
            return end;
        }

        @Override
        public void onNext(ConfigurationResponse response) {
            responses.add(response);
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

    @Override
    public void close() {
        connection.shutdownNow();
    }
}
