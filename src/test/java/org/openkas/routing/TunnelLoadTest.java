package org.openkas.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import com.google.protobuf.BytesValue;
import io.grpc.BindableService;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.BlockingClientCall;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.openkas.common.AgentType;
import org.openkas.grpc.ConnectionPolicy;
import org.openkas.proto.grpctool.HttpRequest;
import org.openkas.testkit.LeakWatch;
import org.openkas.testkit.AgentChannels;
import org.openkas.testkit.AgentServices;
import org.openkas.testkit.SimulatedAgent;
import org.openkas.testkit.SimulatedTunnels;

/** Many requests at once, and agents that stop answering. */
@Timeout(120)
class TunnelLoadTest {

    /** The library pings no sooner than after 10 s. */
    private static final ConnectionPolicy IMPATIENT = ConnectionPolicy.STANDARD.withKeepAlive(Duration.ofMillis(1), Duration.ofMillis(500),
            Duration.ZERO);

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
    @DisplayName("TC-27, the server's half: 50 long requests at once over tunnels that were 2")
    void manyLongRequests() throws Exception {
        try (TunnelBench bench = new TunnelBench();
                SimulatedAgent agent = new SimulatedAgent(bench.connection("grpc"), "token-1", "a");
                SimulatedTunnels tunnels = agent.tunnels(2, services())) {
            List<BlockingClientCall<BytesValue, BytesValue>> calls = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                BytesValue question = BytesValue.of(ByteString.copyFromUtf8("question " + i));
                var call = ClientCalls.blockingBidiStreamingCall(bench.channels.to(AgentType.AGENTK, 1), AgentServices.CONNECT,
                        CallOptions.DEFAULT);
                call.write(question);
                assertThat(call.read(10, TimeUnit.SECONDS)).isEqualTo(question);
                calls.add(call);
            }
            assertThat(tunnels.openTunnels()).isGreaterThanOrEqualTo(50);
            for (var call : calls) {
                call.halfClose();
                assertThat(call.read(10, TimeUnit.SECONDS)).isNull();
            }
            await().untilAsserted(() -> assertThat(bench.registry.idle()).isEqualTo(tunnels.openTunnels()));
            assertThat(tunnels.ends()).hasSize(50).allMatch(Status::isOk);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"grpc", "ws"})
    @DisplayName("AG-60, the server's half: over two ages of connections requests never fail, and no tunnel ends but with OK")
    void overAges(String scheme) throws Exception {
        Duration age = Duration.ofSeconds(3);
        try (TunnelBench bench = new TunnelBench(age, ConnectionPolicy.STANDARD);
                SimulatedAgent agent = new SimulatedAgent(bench.connection(scheme), "token-1", "a");
                SimulatedTunnels tunnels = agent.tunnels(2, services())) {
            BytesValue question = BytesValue.of(ByteString.copyFromUtf8("?"));
            Channel channel = bench.channels.to(AgentType.AGENTK, 1);
            long end = System.nanoTime() + age.multipliedBy(2).plusMillis(500).toNanos();
            int requests = 0;
            while (System.nanoTime() < end) {
                assertThat(ClientCalls.blockingUnaryCall(channel, AgentServices.ECHO, CallOptions.DEFAULT, question)).isEqualTo(question);
                requests++;
                // idle for once, so that tunnels grow old
                await().pollDelay(Duration.ofMillis(requests % 5 == 0 ? 1_200 : 50)).until(() -> bench.registry.idle() >= 1);
            }
            assertThat(tunnels.ends()).allMatch(Status::isOk);
            assertThat(tunnels.ends().size()).as("tunnels that ended, those of requests and those of age").isGreaterThan(requests);
        }
    }

    @Test
    @DisplayName("An agent that freezes: its requests fail with the keepalive's verdict, one that waits is served by its next connection,"
            + " and another agent is unharmed")
    void frozenAgent() throws Exception {
        try (TunnelBench bench = new TunnelBench(Duration.ofHours(2), IMPATIENT);
                Relay relay = new Relay(bench.server.bound().port());
                SimulatedAgent frozen = new SimulatedAgent(AgentChannels.grpc(relay.port()),
                        "token-1", "a");
                SimulatedAgent restarted = new SimulatedAgent(bench.connection("grpc"), "token-1", "a2");
                SimulatedAgent healthy = new SimulatedAgent(bench.connection("grpc"), "token-2", "b");
                SimulatedTunnels _ = healthy.tunnels(2, services())) {
            ScriptedAgent running = ScriptedAgent.kubernetes(frozen.authorized());
            await().until(() -> bench.registry.idle() == 3);
            Channel channel = bench.channels.to(AgentType.AGENTK, 1);
            List<ScriptedCaller> callers = new ArrayList<>(List.of(ScriptedCaller.begin(channel)));
            assertThat(running.next().hasRequestInfo()).isTrue();
            ScriptedAgent.kubernetes(frozen.authorized());
            ScriptedAgent.kubernetes(frozen.authorized());
            await().until(() -> bench.registry.idle() == 4);
            relay.freeze();
            callers.add(ScriptedCaller.begin(channel)); // gets a tunnel of which nobody knows that it is dead
            BytesValue question = BytesValue.of(ByteString.copyFromUtf8("?"));
            assertThat(ClientCalls.blockingUnaryCall(bench.channels.to(AgentType.AGENTK, 2), AgentServices.ECHO, CallOptions.DEFAULT,
                    question))
                    .isEqualTo(question);
            assertThat(relay.awaitAbandoned(Duration.ofSeconds(20))).isTrue();
            for (ScriptedCaller caller : callers) {
                Status status = caller.end.get(1, TimeUnit.SECONDS);
                assertThat(status.getCode()).isEqualTo(Status.Code.CANCELLED);
                assertThat(status.getDescription()).isEqualTo("context canceled");
            }
            await().untilAsserted(() -> assertThat(bench.registry.idle()).as("the healthy agent's").isEqualTo(2));
            ScriptedCaller waiting = ScriptedCaller.begin(channel);
            assertThat(bench.registry.waiting()).isEqualTo(1);
            ScriptedAgent again = ScriptedAgent.kubernetes(restarted.authorized());
            assertThat(again.next().hasRequestInfo()).isTrue();
            assertThat(waiting.end).isNotDone();
            assertThat(bench.registry.waiting()).isZero();
        }
    }

    @Test
    @DisplayName("An agent that takes nothing any more: what a caller sends to it stops, and ends with the keepalive's verdict without a trace")
    void cloggedAgent() throws Exception {
        try (LeakWatch watch = new LeakWatch()) {
            try (TunnelBench bench = new TunnelBench(Duration.ofHours(2), IMPATIENT);
                    Relay relay = new Relay(bench.server.bound().port());
                    SimulatedAgent agent = new SimulatedAgent(
                            AgentChannels.ws(relay.port()), "token-1", "a")) {
                ScriptedAgent tunnel = ScriptedAgent.kubernetes(agent.authorized());
                await().until(() -> bench.registry.idle() == 1);
                ScriptedCaller caller = ScriptedCaller.begin(bench.channels.to(AgentType.AGENTK, 1));
                assertThat(tunnel.next().hasRequestInfo()).isTrue();
                relay.clog();
                HttpRequest megabyte = ScriptedCaller.data("x".repeat(1 << 20));
                int sent = 0;
                while (caller.call.isReady() && sent < 100) {
                    caller.call.sendMessage(megabyte);
                    sent++;
                }
                assertThat(sent).as("MiB that went somewhere").isLessThan(100);
                Status status = caller.end.get(15, TimeUnit.SECONDS);
                assertThat(status.getCode()).isEqualTo(Status.Code.CANCELLED);
                caller.call.sendMessage(megabyte);
                assertThat(bench.registry.idle()).isZero();
            }
            watch.check();
        }
    }
}
