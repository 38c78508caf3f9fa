package org.openkas.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.openkas.routing.ScriptedAgent.SERVICE;
import static org.openkas.routing.ScriptedAgent.error;
import static org.openkas.routing.ScriptedAgent.header;
import static org.openkas.routing.ScriptedAgent.message;
import static org.openkas.routing.ScriptedAgent.trailer;
import static org.openkas.routing.ScriptedAgent.values;
import static org.openkas.routing.ScriptedCaller.answer;
import static org.openkas.routing.ScriptedCaller.data;

import com.google.protobuf.Any;
import com.google.protobuf.StringValue;
import com.google.protobuf.UnknownFieldSet;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.openkas.common.AgentType;
import org.openkas.proto.reversetunnel.AgentDescriptor;
import org.openkas.proto.reversetunnel.ConnectRequest;
import org.openkas.proto.reversetunnel.ConnectResponse;
import org.openkas.proto.reversetunnel.Descriptor;
import org.openkas.proto.reversetunnel.Service;
import org.openkas.testkit.SimulatedAgent;

/** What agents and callers see of tunnels (chapter 04 §2), on a real listener. */
@Timeout(60)
class TunnelRulesTest {
    private final TunnelBench bench = new TunnelBench();
    private final List<AutoCloseable> opened = new ArrayList<>(List.of(bench));
    private final Channel agent = agent(7);

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable resource : opened.reversed()) {
            resource.close();
        }
    }

    private Channel agent(long id) {
        return agent(bench.connection("grpc"), "token-" + id);
    }

    private Channel agent(ManagedChannel connection, String token) {
        SimulatedAgent made = new SimulatedAgent(connection, token, "pod");
        opened.add(made);
        return made.authorized();
    }

    private ScriptedAgent idle() {
        int before = bench.registry.idle();
        ScriptedAgent tunnel = ScriptedAgent.kubernetes(agent);
        await().until(() -> bench.registry.idle() == before + 1);
        return tunnel;
    }

    private ScriptedCaller caller() {
        return ScriptedCaller.begin(bench.channels.to(AgentType.AGENTK, 7));
    }

    private static void assertStatus(Status seen, Status.Code code, String text) {
        assertThat(seen.getCode()).isEqualTo(code);
        assertThat(seen.getDescription()).isEqualTo(text);
    }

    @Test
    @DisplayName("TC-06, AG-56: a first message that is no descriptor")
    void wrongFirst() throws Exception {
        ScriptedAgent tunnel = ScriptedAgent.silent(agent);
        tunnel.say(header(Map.of()));
        assertStatus(tunnel.end(), Status.Code.INVALID_ARGUMENT, "Invalid oneof value type: *rpc.ConnectRequest_Header");
    }

    @Test
    @DisplayName("TC-07: a first message without a field; an unknown one is logged")
    void emptyFirst() throws Exception {
        ScriptedAgent tunnel = ScriptedAgent.silent(agent);
        tunnel.say(ConnectRequest.getDefaultInstance());
        assertStatus(tunnel.end(), Status.Code.INVALID_ARGUMENT, "invalid ConnectRequest.Msg: value is required");
        ScriptedAgent newer = ScriptedAgent.silent(agent);
        newer.say(ConnectRequest.newBuilder().setUnknownFields(UnknownFieldSet.newBuilder()
                .addField(9, UnknownFieldSet.Field.newBuilder().addVarint(1).build()).build()).build());
        assertThat(newer.end().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(bench.log.lines("Refused a message with unknown fields")).singleElement().satisfies(
                line -> assertThat(line.fields()).containsEntry("unknown_fields", List.of(9)));
    }

    @Test
    @DisplayName("TC-08, AG-56: a descriptor that breaks its rules")
    void brokenDescriptor() throws Exception {
        ScriptedAgent empty = ScriptedAgent.silent(agent);
        empty.say(ConnectRequest.newBuilder().setTunnelDescriptor(Descriptor.getDefaultInstance()).build());
        assertStatus(empty.end(), Status.Code.INVALID_ARGUMENT, "invalid ConnectRequest.Descriptor_: embedded message failed validation"
                + " | caused by: invalid Descriptor.AgentDescriptor: value is required");
        ScriptedAgent nameless = ScriptedAgent.silent(agent);
        nameless.say(ConnectRequest.newBuilder().setTunnelDescriptor(Descriptor.newBuilder()
                .setAgentDescriptor(AgentDescriptor.newBuilder().addServices(Service.getDefaultInstance()))).build());
        assertThat(nameless.end().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(nameless.end().getDescription()).endsWith("invalid Service.Name: value length must be at least 1 bytes");
    }

    @Test
    @DisplayName("TC-09: what GitLab says of the token ends the call before any message")
    void refusedToken() throws Exception {
        for (Status refusal : List.of(Status.UNAUTHENTICATED.withDescription("unauthenticated"),
                Status.PERMISSION_DENIED.withDescription("forbidden"), Status.NOT_FOUND.withDescription("agent not found"))) {
            bench.agents = (_, _) -> {
                throw refusal.asException();
            };
            ScriptedAgent tunnel = ScriptedAgent.silent(agent);
            assertStatus(tunnel.end(), refusal.getCode(), refusal.getDescription());
        }
    }

    @Test
    @DisplayName("TC-09, 2.4: an agent that half-closes without a descriptor learns first what GitLab says of its token")
    void refusedTokenOfOneThatHalfCloses() throws Exception {
        for (boolean refused : List.of(true, false)) {
            CountDownLatch asked = new CountDownLatch(2);
            CountDownLatch answer = new CountDownLatch(1);
            bench.agents = (_, _) -> {
                asked.countDown();
                answer.await();
                if (refused) {
                    throw Status.UNAUTHENTICATED.withDescription("unauthenticated").asException();
                }
                return TunnelBench.agent(7);
            };
            ScriptedAgent tunnel = ScriptedAgent.silent(agent);
            tunnel.halfClose();
            ScriptedAgent later = ScriptedAgent.silent(agent); // on the same connection, behind the half-close
            asked.await();
            answer.countDown();
            assertStatus(tunnel.end(), refused ? Status.Code.UNAUTHENTICATED : Status.Code.UNKNOWN, refused ? "unauthenticated" : "EOF");
            later.cancel();
        }
    }

    @Test
    @DisplayName("TC-10: GitLab fails three times, and the agent sees nothing of it")
    void gitLabRecovers() throws Exception {
        AtomicInteger calls = new AtomicInteger();
        bench.agents = (_, _) -> {
            if (calls.incrementAndGet() <= 3) {
                throw Status.UNAVAILABLE.withDescription("unavailable").asException();
            }
            return TunnelBench.agent(7);
        };
        ScriptedAgent tunnel = idle();
        assertThat(calls).hasValue(4);
        ScriptedCaller caller = caller();
        assertThat(tunnel.next().hasRequestInfo()).isTrue();
        caller.call.cancel("enough", null);
    }

    @Test
    @DisplayName("A look-up that fails as nobody expected ends the call, and is logged")
    void brokenLookUp() throws Exception {
        for (Throwable failure : List.of(new IllegalStateException("a"), new StackOverflowError("b"))) {
            bench.agents = (_, _) -> {
                if (failure instanceof Error error) {
                    throw error;
                }
                throw (RuntimeException) failure;
            };
            assertStatus(ScriptedAgent.silent(agent).end(), Status.Code.INTERNAL, "ReverseTunnel: unexpected failure");
        }
        assertThat(bench.log.lines("ReverseTunnel: unexpected failure")).hasSize(2);
    }

    @Test
    @DisplayName("An agent that leaves interrupts the look-up made for it")
    void leavesDuringLookUp() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        AtomicBoolean interrupted = new AtomicBoolean();
        bench.agents = (_, _) -> {
            asked.countDown();
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException e) {
                interrupted.set(true);
                throw e;
            }
            throw new AssertionError();
        };
        ScriptedAgent tunnel = ScriptedAgent.silent(agent);
        assertThat(asked.await(5, TimeUnit.SECONDS)).isTrue();
        tunnel.cancel();
        await().untilTrue(interrupted);
    }

    @Test
    @DisplayName("TC-11: an idle tunnel ends with OK at its share of the connection's age")
    void idleAge() throws Exception {
        try (TunnelBench aging = new TunnelBench(Duration.ofSeconds(4), org.openkas.grpc.ConnectionPolicy.STANDARD)) {
            Channel channel = agent(aging.connection("grpc"), "token-7");
            ScriptedAgent tunnel = ScriptedAgent.kubernetes(channel);
            await().until(() -> aging.registry.idle() == 1);
            long began = System.nanoTime();
            assertThat(tunnel.end()).isEqualTo(Status.OK);
            assertThat(Duration.ofNanos(System.nanoTime() - began)).isBetween(Duration.ofMillis(900), Duration.ofMillis(1_600));
            assertThat(aging.registry.idle()).isZero();
        }
    }

    @Test
    @DisplayName("TC-12: a tunnel in use does not end with its age but with its connection")
    void busyAge() throws Exception {
        try (TunnelBench aging = new TunnelBench(Duration.ofSeconds(2), org.openkas.grpc.ConnectionPolicy.STANDARD)) {
            ScriptedAgent tunnel = ScriptedAgent.kubernetes(agent(aging.connection("grpc"), "token-7"));
            long began = System.nanoTime();
            ScriptedCaller caller = ScriptedCaller.begin(aging.channels.to(AgentType.AGENTK, 7));
            assertThat(tunnel.next().hasRequestInfo()).isTrue();
            Status status = tunnel.end();
            assertThat(Duration.ofNanos(System.nanoTime() - began)).isBetween(Duration.ofMillis(1_500), Duration.ofMillis(2_500));
            assertThat(status.isOk()).isFalse();
            assertThat(caller.end().isOk()).isFalse();
        }
    }

    @Test
    @DisplayName("TC-13, TC-15, AG-57: the request's parts in order, and the answer's; the tunnel serves once")
    void wholeCall() throws Exception {
        ScriptedAgent tunnel = idle();
        ScriptedCaller caller = caller();
        caller.call.sendMessage(data("hello"));
        caller.call.halfClose();
        assertThat(tunnel.next().getRequestInfo().getMethodName()).isEqualTo("/" + SERVICE + "/MakeRequest");
        assertThat(tunnel.next().getMessage().getData()).isEqualTo(data("hello").toByteString());
        assertThat(tunnel.next().hasCloseSend()).isTrue();
        tunnel.say(header(Map.of("h", values("1", "2"))), message(answer("a")), message(answer("b")), trailer(Map.of("t", values("3"))));
        tunnel.halfClose();
        assertThat(caller.end()).isEqualTo(Status.OK);
        assertThat(caller.headers.get().getAll(Metadata.Key.of("h", Metadata.ASCII_STRING_MARSHALLER))).containsExactly("1", "2");
        assertThat(caller.messages).containsExactly(answer("a"), answer("b"));
        assertThat(caller.trailers.get(Metadata.Key.of("t", Metadata.ASCII_STRING_MARSHALLER))).isEqualTo("3");
        assertThat(tunnel.end()).isEqualTo(Status.OK);
        assertThat(tunnel.heardNothing()).isTrue();
        assertThat(bench.registry.idle()).isZero();
    }

    @Test
    @DisplayName("TC-14: metadata reaches the agent, but for what servers tell each other")
    void metadata() throws Exception {
        ScriptedAgent tunnel = idle();
        Metadata headers = new Metadata();
        Map.of("kas-hop-routing-agent-id", "7", "kas-hop-foo", "x")
                .forEach((name, value) -> headers.put(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER), value));
        Metadata.Key<String> key = Metadata.Key.of("key1", Metadata.ASCII_STRING_MARSHALLER);
        headers.put(key, "a");
        headers.put(key, "b");
        ScriptedCaller caller = ScriptedCaller.begin(bench.channels.to(AgentType.AGENTK, 7), headers, CallOptions.DEFAULT, 1);
        assertThat(tunnel.next().getRequestInfo().getMetaMap()).containsExactly(Map.entry("key1", values("a", "b")));
        caller.call.cancel("enough", null);
    }

    @Test
    @DisplayName("TC-16, AG-58: an error with details, after header and trailer")
    void errorWithDetails() throws Exception {
        ScriptedAgent tunnel = idle();
        ScriptedCaller caller = caller();
        com.google.rpc.Status failure = com.google.rpc.Status.newBuilder().setCode(3).setMessage("bad")
                .addDetails(Any.pack(StringValue.of("detail"))).build();
        tunnel.next();
        tunnel.say(header(Map.of("h", values("1"))), trailer(Map.of("t", values("2"))), error(failure));
        tunnel.halfClose();
        assertStatus(caller.end(), Status.Code.INVALID_ARGUMENT, "bad");
        assertThat(StatusProto.fromStatusAndTrailers(caller.end(), caller.trailers)).isEqualTo(failure);
        assertThat(caller.header("h")).isEqualTo("1");
        assertThat(caller.trailers.get(Metadata.Key.of("t", Metadata.ASCII_STRING_MARSHALLER))).isEqualTo("2");
        assertThat(tunnel.end()).isEqualTo(Status.OK);
    }

    @Test
    @DisplayName("AG-58: an error directly after the descriptor; a code that nobody knows is UNKNOWN")
    void errorAtOnce() throws Exception {
        for (int code : List.of(5, 99)) {
            ScriptedAgent tunnel = idle();
            ScriptedCaller caller = caller();
            tunnel.next();
            tunnel.say(error(com.google.rpc.Status.newBuilder().setCode(code).setMessage("no").build()));
            tunnel.halfClose();
            assertStatus(caller.end(), code == 5 ? Status.Code.NOT_FOUND : Status.Code.UNKNOWN, "no");
            assertThat(tunnel.end()).isEqualTo(Status.OK);
        }
    }

    @Test
    @DisplayName("TC-17: a message before the header")
    void outOfOrder() throws Exception {
        ScriptedAgent tunnel = idle();
        ScriptedCaller caller = caller();
        tunnel.next();
        tunnel.say(message(answer("x")));
        String text = "transition from 1 to 3 is not allowed. Allowed: [2 5]";
        assertStatus(caller.end(), Status.Code.INVALID_ARGUMENT, text);
        assertStatus(tunnel.end(), Status.Code.INVALID_ARGUMENT, text);
    }

    @Test
    @DisplayName("TC-18: a half-close right after the header")
    void earlyHalfClose() throws Exception {
        ScriptedAgent tunnel = idle();
        ScriptedCaller caller = caller();
        tunnel.next();
        tunnel.say(header(Map.of()));
        tunnel.halfClose();
        String text = "transition from 2 to -1 is not allowed. Allowed: [3 4]";
        assertStatus(caller.end(), Status.Code.INVALID_ARGUMENT, text);
        assertStatus(tunnel.end(), Status.Code.INVALID_ARGUMENT, text);
    }

    @Test
    @DisplayName("An invalid message while forwarding: both sides see what is wrong")
    void invalidWhileForwarding() throws Exception {
        ScriptedAgent tunnel = idle();
        ScriptedCaller caller = caller();
        tunnel.next();
        tunnel.say(header(Map.of()), ConnectRequest.getDefaultInstance());
        String text = "invalid ConnectRequest.Msg: value is required";
        assertStatus(tunnel.end(), Status.Code.INVALID_ARGUMENT, text);
        assertStatus(caller.end(), Status.Code.INVALID_ARGUMENT, text);
        assertThat(caller.headers).isDone();
    }

    @Test
    @DisplayName("TC-19, AG-58: a caller that leaves before it has sent everything")
    void cancelBeforeHalfClose() throws Exception {
        ScriptedAgent tunnel = idle();
        ScriptedCaller caller = caller();
        tunnel.next();
        caller.call.cancel("gone", null);
        assertStatus(tunnel.end(), Status.Code.CANCELLED, "read from incoming stream");
        assertStatus(caller.end(), Status.Code.CANCELLED, "gone");
    }

    @Test
    @DisplayName("TC-20: a caller that leaves after it has sent everything; a deadline")
    void cancelAfterHalfClose() throws Exception {
        ScriptedAgent tunnel = idle();
        ScriptedCaller caller = caller();
        caller.call.halfClose();
        tunnel.next();
        caller.call.cancel(null, new IllegalStateException("gone"));
        assertStatus(tunnel.end(), Status.Code.CANCELLED, "Incoming stream closed: context canceled");
        ScriptedAgent second = idle();
        ScriptedCaller late = ScriptedCaller.begin(bench.channels.to(AgentType.AGENTK, 7), new Metadata(),
                CallOptions.DEFAULT.withDeadlineAfter(Duration.ofMillis(200)), 1);
        late.call.halfClose();
        assertStatus(second.end(), Status.Code.DEADLINE_EXCEEDED, "Incoming stream closed: context deadline exceeded");
        assertStatus(late.end(), Status.Code.DEADLINE_EXCEEDED, "Incoming stream closed: context deadline exceeded");
    }

    @Test
    @DisplayName("TC-21: keys that belong to the transport are not delivered")
    void reservedKeys() throws Exception {
        ScriptedAgent tunnel = idle();
        ScriptedCaller caller = caller();
        tunnel.next();
        tunnel.say(
                header(Map.of("content-type", values("x"), "grpc-status", values("0"), ":path", values("/"), "bad key", values("1"), "x-a",
                        values("1"))),
                trailer(Map.of()));
        tunnel.halfClose();
        assertThat(caller.headers.get().keys()).containsExactly("x-a");
        assertThat(caller.end()).isEqualTo(Status.OK);
    }

    @Test
    @DisplayName("TC-22: binary values travel decoded; what is not text cannot")
    void binaryValues() throws Exception {
        Metadata.Key<byte[]> key = Metadata.Key.of("b-bin", Metadata.BINARY_BYTE_MARSHALLER);
        Metadata headers = new Metadata();
        headers.put(key, "grüße".getBytes(StandardCharsets.UTF_8));
        ScriptedAgent tunnel = idle();
        ScriptedCaller caller = ScriptedCaller.begin(bench.channels.to(AgentType.AGENTK, 7), headers, CallOptions.DEFAULT, 1);
        assertThat(tunnel.next().getRequestInfo().getMetaMap()).containsEntry("b-bin", values("grüße"));
        tunnel.say(header(Map.of("b-bin", values("grüße"))), trailer(Map.of()));
        tunnel.halfClose();
        assertThat(caller.headers.get().get(key)).isEqualTo("grüße".getBytes(StandardCharsets.UTF_8));
        headers.put(key, new byte[]{(byte) 0xff});
        ScriptedCaller refused = ScriptedCaller.begin(bench.channels.to(AgentType.AGENTK, 7), headers, CallOptions.DEFAULT, 1);
        assertThat(refused.end().getCode()).isEqualTo(Status.Code.INTERNAL);
        assertThat(refused.end().getDescription()).endsWith("string field contains invalid UTF-8");
    }

    @Test
    @DisplayName("TC-23: a tunnel without the method is left alone; the next that has it gets the request")
    void waitsForTheMethod() throws Exception {
        ScriptedAgent other = ScriptedAgent.serving(agent, SERVICE, "WatchGraph");
        await().until(() -> bench.registry.idle() == 1);
        ScriptedCaller caller = caller();
        caller.call.sendMessage(data("early"));
        await().until(() -> bench.registry.waiting() == 1);
        ScriptedAgent tunnel = ScriptedAgent.kubernetes(agent);
        assertThat(tunnel.next().hasRequestInfo()).isTrue();
        assertThat(tunnel.next().getMessage().getData()).isEqualTo(data("early").toByteString());
        assertThat(other.heardNothing()).isTrue();
        assertThat(bench.registry.idle()).isEqualTo(1);
        caller.call.cancel("enough", null);
    }

    @Test
    @DisplayName("TC-25: two wait, one tunnel comes")
    void oneTunnelForTwo() throws Exception {
        List<ScriptedCaller> callers = List.of(caller(), caller());
        await().until(() -> bench.registry.waiting() == 2);
        ScriptedAgent tunnel = ScriptedAgent.kubernetes(agent);
        tunnel.next();
        assertThat(bench.registry.waiting()).isEqualTo(1);
        await().untilAsserted(() -> assertThat(callers).filteredOn(caller -> caller.ready.isDone()).hasSize(1));
        callers.forEach(caller -> caller.call.cancel("enough", null));
        for (ScriptedCaller caller : callers) {
            assertThat(caller.end().getCode()).isEqualTo(Status.Code.CANCELLED);
        }
        assertThat(bench.registry.waiting()).isZero();
    }

    @Test
    @DisplayName("NR-011: a service of a newer name is called by the name that the agent announced")
    void newerServiceName() throws Exception {
        ScriptedAgent tunnel = ScriptedAgent.serving(agent, "gitlab.agent.v2.kubernetes_api.rpc.KubernetesApi", "MakeRequest");
        ScriptedCaller caller = caller();
        assertThat(tunnel.next().getRequestInfo().getMethodName())
                .isEqualTo("/gitlab.agent.v2.kubernetes_api.rpc.KubernetesApi/MakeRequest");
        caller.call.cancel("enough", null);
    }

    @Test
    @DisplayName("NR-007, NR-008: Connect under another name of ours; under a stranger's name")
    void newerTunnelName() throws Exception {
        Channel renamed = io.grpc.ClientInterceptors.intercept(agent, Renamed.to("gitlab.agent.somewhere.new.ReverseTunnel"));
        ScriptedAgent tunnel = ScriptedAgent.kubernetes(renamed);
        ScriptedCaller caller = caller();
        assertThat(tunnel.next().hasRequestInfo()).isTrue();
        caller.call.cancel("enough", null);
        Channel evil = io.grpc.ClientInterceptors.intercept(agent, Renamed.to("evil.agent.ReverseTunnel"));
        assertThat(ScriptedAgent.silent(evil).end().getCode()).isEqualTo(Status.Code.UNIMPLEMENTED);
    }

    @Test
    @DisplayName("I1: a tunnel of another agent, whatever it serves, gets nothing")
    void otherAgents() throws Exception {
        ScriptedAgent other = ScriptedAgent.kubernetes(agent(8));
        await().until(() -> bench.registry.idle() == 1);
        ScriptedCaller caller = caller();
        ScriptedAgent own = ScriptedAgent.kubernetes(agent);
        assertThat(own.next().hasRequestInfo()).isTrue();
        assertThat(other.heardNothing()).isTrue();
        assertThat(bench.registry.idle()).isEqualTo(1);
        caller.call.cancel("enough", null);
    }

    @Test
    @DisplayName("An agent that vanishes ends its call; one that vanishes while idle is forgotten")
    void agentVanishes() throws Exception {
        ScriptedAgent tunnel = idle();
        ScriptedCaller caller = caller();
        tunnel.next();
        tunnel.cancel();
        assertThat(caller.end().getCode()).isEqualTo(Status.Code.CANCELLED);
        ScriptedAgent second = idle();
        second.cancel();
        await().until(() -> bench.registry.idle() == 0);
    }

    @Test
    @DisplayName("An idle tunnel that the agent half-closes is taken away, so that no request gets it")
    void idleHalfClose() throws Exception {
        ScriptedAgent tunnel = idle();
        tunnel.halfClose();
        assertStatus(tunnel.end(), Status.Code.INVALID_ARGUMENT, "transition from 1 to -1 is not allowed. Allowed: [2 5]");
        assertThat(bench.registry.idle()).isZero();
    }

    @Test
    @DisplayName("A caller that leaves while it waits")
    void cancelWhileWaiting() throws Exception {
        ScriptedCaller caller = caller();
        caller.call.cancel("gone", null);
        assertStatus(caller.end(), Status.Code.CANCELLED, "RouteToKasStreamHandler request aborted: context canceled");
        assertThat(bench.registry.waiting()).isZero();
    }

    @Test
    @DisplayName("A drain ends idle tunnels with OK and waiting requests with UNAVAILABLE; a call in progress finishes")
    void drain() throws Exception {
        ScriptedAgent busy = idle();
        ScriptedCaller running = caller();
        busy.next();
        ScriptedAgent spare = idle();
        ScriptedCaller waiting = ScriptedCaller.begin(bench.channels.to(AgentType.AGENTK, 9));
        Thread drain = Thread.ofVirtual().start(() -> {
            try {
                bench.server.drain(Duration.ofSeconds(20), bench.registry::stop);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        assertThat(spare.end()).isEqualTo(Status.OK);
        assertStatus(waiting.end(), Status.Code.UNAVAILABLE, "kas is shutting down");
        assertStatus(caller().end(), Status.Code.UNAVAILABLE, "kas is shutting down");
        assertThat(running.end).isNotDone();
        busy.say(header(Map.of()), message(answer("late")), trailer(Map.of()));
        busy.halfClose();
        assertThat(running.end()).isEqualTo(Status.OK);
        assertThat(running.messages).containsExactly(answer("late"));
        drain.join();
        assertThat(bench.log.lines("Stopped tunnels and aborted find requests")).singleElement().satisfies(
                line -> assertThat(line.fields()).containsEntry("error", "num_tunnels=0, num_find_requests=1"));
    }

    @Test
    @DisplayName("A message that no agent takes ends the call with a clear text; so does sending without looking")
    void tooMuch() throws Exception {
        ScriptedAgent tunnel = idle();
        ScriptedCaller caller = caller();
        tunnel.next();
        caller.call.sendMessage(data("x".repeat(5 << 20)));
        assertThat(caller.end().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        assertThat(caller.end().getDescription()).startsWith("Send(ConnectResponse_Message): grpc: trying to send message larger than max");
        assertThat(tunnel.end().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        ScriptedCaller blind = caller();
        for (int i = 0; i < 10; i++) {
            blind.call.sendMessage(data("x".repeat(1 << 20)));
        }
        assertThat(blind.end().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        assertThat(bench.registry.waiting()).isZero();
    }

    @Test
    @DisplayName("Nothing is read from the agent that the caller has not asked for, but one message")
    void backPressure() throws Exception {
        ScriptedAgent tunnel = idle();
        ScriptedCaller caller = ScriptedCaller.begin(bench.channels.to(AgentType.AGENTK, 7), new Metadata(), CallOptions.DEFAULT, 0);
        tunnel.next();
        tunnel.say(header(Map.of()), message(answer("1")), message(answer("2")), message(answer("3")), trailer(Map.of()));
        tunnel.halfClose();
        caller.headers.get(5, TimeUnit.SECONDS);
        assertThat(caller.messages).isEmpty();
        caller.call.request(1);
        await().until(() -> caller.messages.size() == 1);
        assertThat(caller.end).isNotDone();
        caller.call.request(2);
        assertThat(caller.end()).isEqualTo(Status.OK);
        assertThat(caller.messages).containsExactly(answer("1"), answer("2"), answer("3"));
    }

    @Test
    @DisplayName("A second descriptor is out of order")
    void secondDescriptor() throws ExecutionException, Exception {
        ScriptedAgent tunnel = idle();
        ScriptedCaller caller = caller();
        ConnectResponse _ = tunnel.next();
        tunnel.say(ScriptedAgent.descriptor(SERVICE, "MakeRequest"));
        assertStatus(caller.end(), Status.Code.INVALID_ARGUMENT, "transition from 1 to 1 is not allowed. Allowed: [2 5]");
    }
}
