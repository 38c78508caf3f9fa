package org.openkas.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import com.google.protobuf.BytesValue;
import io.grpc.BindableService;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.Metadata;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.openkas.common.AgentType;
import org.openkas.grpc.ConnectionPolicy;
import org.openkas.testkit.AgentChannels;
import org.openkas.testkit.AgentServices;
import org.openkas.testkit.SimulatedAgent;
import org.openkas.testkit.SimulatedTunnels;

/** Many requests at once, and agents that stop answering. */
@Timeout(120)
class TunnelLoadTest {

    private static ServerServiceDefinition[] services() {
        return new AgentServices().all().stream().map(BindableService::bindService).toArray(ServerServiceDefinition[]::new);
    }

    @Test
    @DisplayName("1,000 requests at once over 2 tunnels of each of two agents that open more; some callers leave; none gets another's answer")
    void manyAtOnce() throws Exception {
        try (TunnelBench bench = new TunnelBench();
                SimulatedAgent first = new SimulatedAgent(bench.connection("grpc"), "token-1", "a");
                SimulatedAgent second = new SimulatedAgent(bench.connection("ws"), "token-2", "b");
                SimulatedTunnels one = first.tunnels(2, services());
                SimulatedTunnels two = second.tunnels(2, services());
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Boolean>> all = new ArrayList<>();
            for (int i = 0; i < 1_000; i++) {
                BytesValue question = BytesValue.of(ByteString.copyFromUtf8("question " + i));
                Channel channel = bench.channels.to(AgentType.AGENTK, 1 + i % 2);
                CallOptions options = i % 10 == 0 ? CallOptions.DEFAULT.withDeadlineAfter(Duration.ofMillis(i)) : CallOptions.DEFAULT;
                all.add(threads.submit(() -> {
                    try {
                        return ClientCalls.blockingUnaryCall(channel, AgentServices.ECHO, options, question).equals(question);
                    } catch (StatusRuntimeException e) {
                        return options.getDeadline() != null && e.getStatus().getCode() == Status.Code.DEADLINE_EXCEEDED;
                    }
                }));
            }
            for (Future<Boolean> answer : all) {
                assertThat(answer.get(60, TimeUnit.SECONDS)).isTrue();
            }
            await().untilAsserted(() -> assertThat(bench.registry.idle()).isEqualTo(one.openTunnels() + two.openTunnels()));
            assertThat(bench.registry.waiting()).isZero();
            assertThat(one.ends()).allMatch(status -> status.isOk() || status.getCode() == Status.Code.CANCELLED
                    || status.getCode() == Status.Code.DEADLINE_EXCEEDED);
        }
    }

    @Test
    @DisplayName("An agent that freezes: its requests fail with the keepalive's verdict, and another agent is unharmed")
    void frozenAgent() throws Exception {
        ConnectionPolicy policy = ConnectionPolicy.STANDARD.withKeepAlive(Duration.ofMillis(1), Duration.ofMillis(500), Duration.ZERO);
        try (TunnelBench bench = new TunnelBench(Duration.ofHours(2), policy);
                Relay relay = new Relay(bench.server.bound().port());
                SimulatedAgent frozen = new SimulatedAgent(AgentChannels.grpc(relay.port()), "token-1", "a");
                SimulatedAgent healthy = new SimulatedAgent(bench.connection("grpc"), "token-2", "b");
                SimulatedTunnels _ = healthy.tunnels(2, services())) {
            ScriptedAgent.kubernetes(frozen.authorized());
            ScriptedAgent.kubernetes(frozen.authorized());
            await().until(() -> bench.registry.idle() == 4);
            relay.freeze();
            List<ScriptedCaller> callers = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                callers.add(ScriptedCaller.begin(bench.channels.to(AgentType.AGENTK, 1), new Metadata(), CallOptions.DEFAULT, 1));
            }
            BytesValue question = BytesValue.of(ByteString.copyFromUtf8("?"));
            assertThat(ClientCalls.blockingUnaryCall(bench.channels.to(AgentType.AGENTK, 2), AgentServices.ECHO, CallOptions.DEFAULT, question))
                    .isEqualTo(question);
            for (ScriptedCaller caller : callers) {
                // the library pings no sooner than after 10 s
                assertThat(caller.end.get(15, TimeUnit.SECONDS).isOk()).isFalse();
            }
        }
    }
}
