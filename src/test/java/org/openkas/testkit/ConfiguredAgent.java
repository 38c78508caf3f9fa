package org.openkas.testkit;

import io.grpc.CallCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.openkas.proto.agentconfiguration.AgentConfigurationGrpc;
import org.openkas.proto.agentconfiguration.ConfigurationRequest;
import org.openkas.proto.agentconfiguration.ConfigurationResponse;

/**
 * An agent of a load: one connection with its configuration stream, and more waiting streams beside it. Closing drops the
 * connection as a vanished agent does. Thread-safe.
 */
public final class ConfiguredAgent implements AutoCloseable {
    private final ManagedChannel channel;
    private final CompletableFuture<ConfigurationResponse> configured = new CompletableFuture<>();

    /** Connects and asks for the configuration; once it is there, {@code moreStreams} ask for a change of it. */
    public ConfiguredAgent(String transport, int port, String token, int moreStreams) {
        channel = channel(transport, port);
        AgentConfigurationGrpc.AgentConfigurationStub stub = AgentConfigurationGrpc.newStub(channel).withCallCredentials(bearer(token))
                .withWaitForReady();
        stub.getConfiguration(ConfigurationRequest.newBuilder().setSkipRegister(true).build(), new Stream());
        configured.thenAccept(response -> {
            for (int i = 0; i < moreStreams; i++) {
                stub.getConfiguration(
                        ConfigurationRequest.newBuilder().setSkipRegister(true).setCommitId(response.getCommitId()).build(), new Stream());
            }
        });
    }

    /** The first configuration, or why there is none. */
    public CompletableFuture<ConfigurationResponse> configured() {
        return configured;
    }

    /** A channel of its own: {@code ws} or {@code grpc} to the agents' port, {@code http} to Open Liberty's. */
    public static ManagedChannel channel(String transport, int port) {
        return switch (transport) {
            case "ws", "http" -> AgentChannels.ws(port);
            case "grpc" -> AgentChannels.grpc(port);
            default -> throw new IllegalArgumentException("transport: ws, grpc or http, not " + transport);
        };
    }

    /** An agent's token as its calls carry it. */
    public static CallCredentials bearer(String token) {
        return new CallCredentials() {
            @Override
            public void applyRequestMetadata(RequestInfo call, Executor executor, MetadataApplier applier) {
                Metadata headers = new Metadata();
                headers.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + token);
                applier.apply(headers);
            }
        };
    }

    @Override
    public void close() {
        channel.shutdownNow();
    }

    private final class Stream implements StreamObserver<ConfigurationResponse> {
        @Override
        public void onNext(ConfigurationResponse response) {
            configured.complete(response);
        }

        @Override
        public void onError(Throwable failure) {
            configured.completeExceptionally(failure);
        }

        @Override
        public void onCompleted() {
            configured.completeExceptionally(new IllegalStateException("ended without a configuration"));
        }
    }
}
