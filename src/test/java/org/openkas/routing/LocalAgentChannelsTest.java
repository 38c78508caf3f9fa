package org.openkas.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import com.google.protobuf.BytesValue;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.openkas.common.AgentType;
import org.openkas.testkit.AgentServices;
import org.openkas.testkit.SimulatedAgent;
import org.openkas.testkit.SimulatedTunnels;

/** Calls through tunnels of an agent on a real listener. */
@Timeout(60)
class TunnelChannelsTest {
    private final TunnelBench bench = new TunnelBench();
    private final List<AutoCloseable> opened = new ArrayList<>(List.of(bench));

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable resource : opened.reversed()) {
            resource.close();
        }
    }

    private SimulatedTunnels agent(ManagedChannel connection, int tunnels) {
        SimulatedAgent agent = new SimulatedAgent(connection, "token-7", "pod");
        opened.add(agent);
        SimulatedTunnels made = agent.tunnels(tunnels, services());
        opened.add(made);
        return made;
    }

    private static ServerServiceDefinition[] services() {
        return new AgentServices().all().stream().map(io.grpc.BindableService::bindService).toArray(ServerServiceDefinition[]::new);
    }

    private static BytesValue bytes(String text) {
        return BytesValue.of(ByteString.copyFromUtf8(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"grpc", "ws"})
    void unaryAndBidiCallsPass(String scheme) throws Exception {
        ManagedChannel connection = bench.connection(scheme);
        SimulatedTunnels tunnels = agent(connection, 2);
        Channel channel = bench.channels.to(AgentType.AGENTK, 7);
        for (int i = 0; i < 10; i++) {
            assertThat(ClientCalls.blockingUnaryCall(channel, AgentServices.ECHO, CallOptions.DEFAULT, bytes("m" + i)))
                    .isEqualTo(bytes("m" + i));
        }
        List<BytesValue> answers = new CopyOnWriteArrayList<>();
        CompletableFuture<Status> end = new CompletableFuture<>();
        StreamObserver<BytesValue> requests = ClientCalls.asyncBidiStreamingCall(
                channel.newCall(AgentServices.CONNECT, CallOptions.DEFAULT), new StreamObserver<>() {
                    @Override
                    public void onNext(BytesValue answer) {
                        answers.add(answer);
                    }

                    @Override
                    public void onError(Throwable failure) {
                        end.complete(Status.fromThrowable(failure));
                    }

                    @Override
                    public void onCompleted() {
                        end.complete(Status.OK);
                    }
                });
        requests.onNext(bytes("a"));
        await().untilAsserted(() -> assertThat(answers).containsExactly(bytes("a")));
        requests.onNext(bytes("b"));
        requests.onCompleted();
        assertThat(end.get()).isEqualTo(Status.OK);
        assertThat(answers).containsExactly(bytes("a"), bytes("b"));
        assertThat(tunnels.served()).isEqualTo(11);
        await().untilAsserted(() -> assertThat(tunnels.ends()).hasSize(11).allMatch(Status::isOk));
        assertThat(bench.registry.waiting()).isZero();
    }

    @Test
    void anEndlessAnswerIsReadAsTheCallerWants() {
        agent(bench.connection("grpc"), 2);
        Channel channel = bench.channels.to(AgentType.AGENTK, 7);
        var download = ClientCalls.blockingServerStreamingCall(channel, AgentServices.DOWNLOAD,
                CallOptions.DEFAULT.withDeadlineAfter(Duration.ofSeconds(30)), bytes(""));
        for (int i = 0; i < 500; i++) {
            assertThat(download.next().getValue().size()).isEqualTo(16 << 10);
        }
    }
}
