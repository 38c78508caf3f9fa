package org.openkas.bench;

import io.grpc.CallCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.openkas.proto.agentconfiguration.AgentConfigurationGrpc;
import org.openkas.proto.agentconfiguration.ConfigurationRequest;
import org.openkas.proto.agentconfiguration.ConfigurationResponse;
import org.openkas.testkit.AgentChannels;

/** One connection with its configuration stream, and more waiting streams beside it. */
final class Agent implements AutoCloseable {
    final ManagedChannel channel;
    final CompletableFuture<ConfigurationResponse> configured = new CompletableFuture<>();

    Agent(String transport, int port, String token, int moreStreams) {
        channel = channel(transport, port);
        AgentConfigurationGrpc.AgentConfigurationStub stub = AgentConfigurationGrpc.newStub(channel).withCallCredentials(bearer(token)).withWaitForReady();
        stub.getConfiguration(ConfigurationRequest.newBuilder().setSkipRegister(true).build(), new Stream());
        configured.thenAccept(response -> {
            for (int i = 0; i < moreStreams; i++) {
                stub.getConfiguration(ConfigurationRequest.newBuilder().setSkipRegister(true).setCommitId(response.getCommitId()).build(), new Stream());
            }
        });
    }

    static ManagedChannel channel(String transport, int port) {
        return switch (transport) {
            case "ws" -> AgentChannels.ws(port);
            case "grpc" -> AgentChannels.grpc(port);
            default -> throw new IllegalArgumentException("transport: ws or grpc, not " + transport);
        };
    }

    static CallCredentials bearer(String token) {
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
