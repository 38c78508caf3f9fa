package org.openkas.privateapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.auth0.jwt.algorithms.Algorithm;
import com.google.protobuf.ByteString;
import com.google.rpc.Code;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.MetadataUtils;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.interfaces.RSAPrivateKey;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.openkas.grpc.ConnectionPolicy;
import org.openkas.grpc.GrpcServerMetrics;
import org.openkas.grpc.ListenerSettings;
import org.openkas.grpc.Opening;
import org.openkas.jwt.TokenVerifier;
import org.openkas.net.ListenAddress;
import org.openkas.net.Network;
import org.openkas.net.Security;
import org.openkas.proto.kas.GatewayKasResponse;
import org.openkas.proto.kas.GatewayKasResponse.MsgCase;
import org.openkas.proto.reversetunnel.ConnectRequest;
import org.openkas.proto.reversetunnel.ConnectResponse;
import org.openkas.proto.reversetunnel.ReverseTunnelGrpc;
import org.openkas.routing.ScriptedAgent;
import org.openkas.routing.TunnelBench;
import org.openkas.testkit.PeerTokens;
import org.openkas.testkit.RoutingServer;

/** The gateway's side of calls between servers, with real listeners for servers and agents. */
@Timeout(60)
class PrivateApiServerTest {
    private final TunnelBench bench = new TunnelBench();
    private PrivateApiServer server;
    private ManagedChannel peer;
    private ManagedChannel agents;

    @BeforeEach
    void start() throws Exception {
        TokenVerifier verifier = TokenVerifier.ofIssuer(PeerTokens.SECRET, "gitlab-kas", "gitlab-kas", bench.threads.timers());
        ListenerSettings settings = new ListenerSettings(new ListenAddress(Network.TCP, "127.0.0.1:0"), new Security.Plain(),
                new Opening.Http2(), Duration.ofHours(2), Duration.ofMillis(1), ConnectionPolicy.PEERS);
        server = new PrivateApiServer(settings, bench.threads.runtime(),
                List.of(new GatewayService(ScriptedAgent.SERVICE, List.of("MakeRequest"), bench.registry)),
                new PrivateApiGate(new GrpcServerMetrics(new PrometheusRegistry()), verifier::objection, bench.log.log()), bench.log.log());
        server.start();
        peer = NettyChannelBuilder.forAddress("127.0.0.1", server.bound().port()).usePlaintext().build();
        agents = bench.connection("grpc");
    }

    @AfterEach
    void stop() {
        peer.shutdownNow();
        agents.shutdownNow();
        server.close();
        bench.close();
    }

    private ScriptedAgent agent() {
        Metadata headers = new Metadata();
        headers.put(RoutingServer.AUTHORIZATION, "Bearer token-7");
        Channel authorized = ClientInterceptors.intercept(agents, MetadataUtils.newAttachHeadersInterceptor(headers));
        return ScriptedAgent.kubernetes(authorized);
    }

    /** An agent with one tunnel on which it says what it serves and never reads. */
    private void deafAgent() {
        Metadata headers = new Metadata();
        headers.put(RoutingServer.AUTHORIZATION, "Bearer token-7");
        Channel authorized = ClientInterceptors.intercept(agents, MetadataUtils.newAttachHeadersInterceptor(headers));
        ReverseTunnelGrpc.newStub(authorized).connect(new ClientResponseObserver<ConnectRequest, ConnectResponse>() {
            @Override
            public void beforeStart(ClientCallStreamObserver<ConnectRequest> stream) {
                stream.disableAutoRequestWithInitial(0);
                stream.setOnReadyHandler(() -> stream.onNext(ScriptedAgent.descriptor(ScriptedAgent.SERVICE, "MakeRequest")));
            }

            @Override
            public void onNext(ConnectResponse message) {
                throw new AssertionError("it does not read");
            }

            @Override
            public void onError(Throwable failure) {
            }

            @Override
            public void onCompleted() {
            }
        });
        await().until(() -> bench.registry.idle() == 1);
    }

    @Test
    @DisplayName("2.7: an agent that does not read stops its caller; nothing piles up in between")
    void deaf() throws Exception {
        deafAgent();
        RoutingServer call = started();
        byte[] part = new byte[64 << 10];
        // what fits into the windows of both streams: 512 KiB each, and a message or two
        assertThat(call.flood(ByteString.copyFrom(part), 2_000)).isBetween(8, 64);
        call.cancel();
    }

    private ScriptedAgent idleAgent() {
        ScriptedAgent agent = agent();
        await().until(() -> bench.registry.idle() == 1);
        return agent;
    }

    private RoutingServer call() {
        return call(RoutingServer.headers("7", PeerTokens.token(Instant.now())));
    }

    private RoutingServer call(Metadata headers) {
        return RoutingServer.call(peer, RoutingServer.PATH, headers, 1_000);
    }

    private RoutingServer started() throws InterruptedException {
        RoutingServer call = call();
        assertThat(call.next().hasTunnelReady()).isTrue();
        call.start();
        return call;
    }

    private static ByteString bytes(String text) {
        return ByteString.copyFromUtf8(text);
    }

    @ParameterizedTest
    @DisplayName("TC-29: calls without a bearer token")
    @CsvSource(nullValues = "-", value = {"-,Request unauthenticated with bearer", "Bearer,Bad authorization string",
            "Basic x,Request unauthenticated with bearer"})
    void withoutToken(String authorization, String text) throws Exception {
        Metadata headers = new Metadata();
        headers.put(RoutingServer.AGENT_ID, "7");
        if (authorization != null) {
            headers.put(RoutingServer.AUTHORIZATION, authorization);
        }
        assertThat(call(headers).end()).satisfies(status -> {
            assertThat(status.getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
            assertThat(status.getDescription()).isEqualTo(text);
        });
    }

    @Test
    @DisplayName("TC-30: bad tokens")
    void badTokens() throws Exception {
        Instant now = Instant.now();
        Algorithm key = Algorithm.HMAC256(PeerTokens.SECRET);
        KeyPair rsa = KeyPairGenerator.getInstance("RSA").generateKeyPair();
        for (String token : List.of(PeerTokens.claims(now).sign(Algorithm.HMAC256("another")), PeerTokens.claims(now).sign(Algorithm.none()),
                PeerTokens.claims(now).sign(Algorithm.RSA256(null, (RSAPrivateKey) rsa.getPrivate())),
                PeerTokens.claims(now).withIssuer("other").sign(key), PeerTokens.claims(now).withAudience("other").sign(key),
                PeerTokens.claims(now).withAudience((String[]) null).sign(key),
                PeerTokens.claims(now).withExpiresAt(now.minusSeconds(1)).sign(key),
                PeerTokens.claims(now).withNotBefore(now.plusSeconds(10)).sign(key))) {
            assertThat(call(RoutingServer.headers("7", token)).end()).as(token).satisfies(status -> {
                assertThat(status.getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
                assertThat(status.getDescription()).isEqualTo("JWT validation failed");
            });
        }
    }

    @Test
    @DisplayName("TC-31: other good tokens")
    void goodTokens() throws Exception {
        Instant now = Instant.now();
        for (String token : List.of(PeerTokens.claims(now).withAudience("gitlab-kas").sign(Algorithm.HMAC256(PeerTokens.SECRET)),
                PeerTokens.claims(now).withClaim("exp", now.getEpochSecond() + 5.25).withClaim("nbf", now.getEpochSecond() - 5.5)
                        .withClaim("iat", now.getEpochSecond() + 0.125).sign(Algorithm.HMAC256(PeerTokens.SECRET)),
                PeerTokens.claims(now).sign(Algorithm.HMAC512(PeerTokens.SECRET)),
                PeerTokens.endless(now).sign(Algorithm.HMAC384(PeerTokens.SECRET)))) {
            RoutingServer call = call(RoutingServer.headers("7", token));
            assertThat(call.next().hasNoTunnel()).as(token).isTrue();
            call.cancel();
        }
    }

    @Test
    @DisplayName("TC-32: calls that do not say which agent they are for")
    void noAgent() throws Exception {
        Metadata none = RoutingServer.headers("7", PeerTokens.token(Instant.now()));
        none.discardAll(RoutingServer.AGENT_ID);
        Metadata two = RoutingServer.headers("7", PeerTokens.token(Instant.now()));
        two.put(RoutingServer.AGENT_ID, "8");
        Map<String, Metadata> cases = Map.of("Expecting a single kas-hop-routing-agent-id, got 0", none,
                "Expecting a single kas-hop-routing-agent-id, got 2", two, "Invalid kas-hop-routing-agent-id",
                RoutingServer.headers("abc", PeerTokens.token(Instant.now())));
        for (Map.Entry<String, Metadata> each : cases.entrySet()) {
            assertThat(call(each.getValue()).end()).satisfies(status -> {
                assertThat(status.getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
                assertThat(status.getDescription()).isEqualTo(each.getKey());
            });
        }
    }

    @ParameterizedTest
    @DisplayName("Unknown services and methods are refused before anybody asks for a token")
    @CsvSource({"a.Service/Do,unknown service a.Service",
            "gitlab.agent.kubernetes_api.rpc.KubernetesApi/No,unknown method No for service gitlab.agent.kubernetes_api.rpc.KubernetesApi"})
    void unknown(String path, String text) throws Exception {
        Status status = RoutingServer.call(peer, path, new Metadata(), 1).end();
        assertThat(status.getCode()).isEqualTo(Status.Code.UNIMPLEMENTED);
        assertThat(status.getDescription()).isEqualTo(text);
    }

    @Test
    @DisplayName("TC-33: an idle tunnel is announced at once, and the agent hears nothing before the start")
    void ready() throws Exception {
        ScriptedAgent agent = idleAgent();
        RoutingServer call = call();
        assertThat(call.next().hasTunnelReady()).isTrue();
        assertThat(agent.heardNothing()).isTrue();
        call.start();
        assertThat(agent.next().getRequestInfo().getMethodName()).isEqualTo("/" + RoutingServer.PATH);
        assertThat(call.waiting()).isZero();
    }

    @Test
    @DisplayName("TC-34: without a tunnel the caller is told so once and waits; the next tunnel is announced")
    void waits() throws Exception {
        RoutingServer call = call();
        assertThat(call.next().hasNoTunnel()).isTrue();
        assertThat(bench.registry.waiting()).isEqualTo(1);
        ScriptedAgent agent = agent();
        assertThat(call.next().hasTunnelReady()).isTrue();
        assertThat(bench.registry.idle()).isZero();
        call.start();
        assertThat(agent.next().hasRequestInfo()).isTrue();
    }

    @Test
    @DisplayName("TC-35, TC-36: a tunnel that was announced and not used serves the next call, however the caller left")
    void unused() throws Exception {
        ScriptedAgent agent = idleAgent();
        RoutingServer leaver = call();
        assertThat(leaver.next().hasTunnelReady()).isTrue();
        leaver.halfClose();
        assertThat(leaver.end()).isEqualTo(Status.OK);
        RoutingServer canceller = call();
        assertThat(canceller.next().hasTunnelReady()).isTrue();
        canceller.cancel();
        await().until(() -> bench.registry.idle() == 1);
        RoutingServer garbler = call();
        assertThat(garbler.next().hasTunnelReady()).isTrue();
        garbler.send(bytes("\u0007nonsense"));
        assertThat(garbler.end().getCode()).isEqualTo(Status.Code.INTERNAL);
        assertThat(agent.heardNothing()).isTrue();
        started();
        assertThat(agent.next().hasRequestInfo()).isTrue();
        assertThat(agent.end).isNotDone();
    }

    @Test
    @DisplayName("TC-34: callers that leave while they wait, with or without a word, leave nothing behind")
    void leaversWhoWait() throws Exception {
        RoutingServer canceller = call();
        assertThat(canceller.next().hasNoTunnel()).isTrue();
        RoutingServer leaver = call();
        assertThat(leaver.next().hasNoTunnel()).isTrue();
        canceller.cancel();
        leaver.halfClose();
        assertThat(leaver.end()).isEqualTo(Status.OK);
        await().until(() -> bench.registry.waiting() == 0);
    }

    @Test
    @DisplayName("TC-37: an announced tunnel whose agent went away")
    void gone() throws Exception {
        ScriptedAgent agent = idleAgent();
        RoutingServer call = call();
        assertThat(call.next().hasTunnelReady()).isTrue();
        agent.cancel();
        agent.end();
        // the cancellation reaches the server on the agent's connection, which a later call on it overtakes not
        ScriptedAgent witness = idleAgent();
        call.start();
        Status status = call.end();
        assertThat(status.getCode()).isEqualTo(Status.Code.CANCELLED);
        assertThat(status.getDescription()).isEqualTo("ForwardStream() called on done stream");
        assertThat(witness.heardNothing()).isTrue();
    }

    @Test
    @DisplayName("TC-13 to TC-16 through another server: bytes, metadata, errors, and who may see what")
    void forwards() throws Exception {
        ScriptedAgent agent = idleAgent();
        Metadata headers = RoutingServer.headers("7", PeerTokens.token(Instant.now()));
        headers.put(Metadata.Key.of("kas-hop-foo", Metadata.ASCII_STRING_MARSHALLER), "x");
        headers.put(Metadata.Key.of("key1", Metadata.ASCII_STRING_MARSHALLER), "a");
        headers.put(Metadata.Key.of("key1", Metadata.ASCII_STRING_MARSHALLER), "b");
        RoutingServer call = call(headers);
        assertThat(call.next().hasTunnelReady()).isTrue();
        call.start();
        call.send(bytes("\u00ffno protobuf"));
        call.send(ByteString.EMPTY);
        call.halfClose();
        ConnectResponse info = agent.next();
        assertThat(info.getRequestInfo().getMetaMap()).containsEntry("key1", ScriptedAgent.values("a", "b"))
                .doesNotContainKey("authorization").allSatisfy((key, _) -> assertThat(key).doesNotStartWith("kas-hop-"));
        assertThat(agent.next().getMessage().getData()).isEqualTo(bytes("\u00ffno protobuf"));
        assertThat(agent.next()).matches(message -> message.hasMessage() && message.getMessage().getData().isEmpty());
        assertThat(agent.next().hasCloseSend()).isTrue();
        com.google.rpc.Status error = com.google.rpc.Status.newBuilder().setCode(Code.INVALID_ARGUMENT_VALUE).setMessage("no")
                .addDetails(com.google.protobuf.Any.newBuilder().setTypeUrl("t/x").setValue(bytes("d"))).build();
        agent.say(ScriptedAgent.header(Map.of("x-a", ScriptedAgent.values("1"), "content-type", ScriptedAgent.values("application/grpc"))),
                ScriptedAgent.message(error), ScriptedAgent.trailer(Map.of("x-t", ScriptedAgent.values("2"))), ScriptedAgent.error(error));
        agent.halfClose();
        assertThat(call.next().getHeader().getMetaMap()).containsKeys("x-a", "content-type");
        assertThat(call.next().getMessage().getData()).isEqualTo(error.toByteString());
        assertThat(call.next().getTrailer().getMetaMap()).containsEntry("x-t", ScriptedAgent.values("2"));
        assertThat(call.next().getError().getStatus()).isEqualTo(error);
        assertThat(call.end()).isEqualTo(Status.OK);
        assertThat(agent.end()).isEqualTo(Status.OK);
    }

    @Test
    @DisplayName("TC-39: an error without a header gets one, since other servers take it in no other place")
    void errorAlone() throws Exception {
        ScriptedAgent agent = idleAgent();
        RoutingServer call = started();
        agent.next();
        agent.say(ScriptedAgent.error(com.google.rpc.Status.newBuilder().setCode(Code.NOT_FOUND_VALUE).setMessage("x").build()));
        agent.halfClose();
        assertThat(List.of(call.next().getMsgCase(), call.next().getMsgCase(), call.next().getMsgCase())).containsExactly(MsgCase.HEADER,
                MsgCase.TRAILER, MsgCase.ERROR);
        assertThat(call.end()).as("before the caller has half-closed").isEqualTo(Status.OK);
        assertThat(agent.end()).isEqualTo(Status.OK);
    }

    @Test
    @DisplayName("TC-17, TC-18: an agent that breaks the order ends both streams")
    void order() throws Exception {
        ScriptedAgent agent = idleAgent();
        RoutingServer call = started();
        agent.next();
        agent.say(ScriptedAgent.message(com.google.rpc.Status.getDefaultInstance()));
        Status expected = Status.INVALID_ARGUMENT.withDescription("transition from 1 to 3 is not allowed. Allowed: [2 5]");
        for (Status status : List.of(call.end(), agent.end())) {
            assertThat(status.getCode()).isEqualTo(expected.getCode());
            assertThat(status.getDescription()).isEqualTo(expected.getDescription());
        }
    }

    @Test
    @DisplayName("TC-19, TC-20: a caller that cancels, before and after it half-closed")
    void cancels() throws Exception {
        ScriptedAgent agent = idleAgent();
        RoutingServer call = started();
        agent.next();
        call.cancel();
        assertThat(agent.end()).satisfies(status -> {
            assertThat(status.getCode()).isEqualTo(Status.Code.CANCELLED);
            assertThat(status.getDescription()).isEqualTo("read from incoming stream");
        });
        ScriptedAgent other = idleAgent();
        RoutingServer late = started();
        late.halfClose();
        other.next();
        assertThat(other.next().hasCloseSend()).isTrue();
        late.cancel();
        assertThat(other.end().getDescription()).isEqualTo("Incoming stream closed: context canceled");
    }

    @Test
    @DisplayName("A message that no agent takes ends the call for both")
    void tooLarge() throws Exception {
        ScriptedAgent agent = idleAgent();
        RoutingServer call = started();
        agent.next();
        call.send(ByteString.copyFrom(new byte[(4 << 20) - 2]));
        assertThat(call.end().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        assertThat(agent.end().isOk()).isFalse();
    }

    @Test
    @DisplayName("A caller that does not read stops its agent, and no other one")
    void backpressure() throws Exception {
        idleAgent();
        RoutingServer slow = RoutingServer.call(peer, RoutingServer.PATH, RoutingServer.headers("7", PeerTokens.token(Instant.now())), 1);
        assertThat(slow.next().hasTunnelReady()).isTrue();
        slow.start();
        await().until(() -> bench.registry.idle() == 0);
        ScriptedAgent other = idleAgent();
        RoutingServer quick = started();
        other.next();
        other.say(ScriptedAgent.header(Map.of()));
        assertThat(quick.next().hasHeader()).isTrue();
        assertThat(slow.waiting()).isZero();
    }

    @Test
    @DisplayName("TC-60: callers that wait learn that the server ends; calls that run go on")
    void end() throws Exception {
        ScriptedAgent agent = idleAgent();
        RoutingServer running = started();
        agent.next();
        RoutingServer waiting = call();
        assertThat(waiting.next().hasNoTunnel()).isTrue();
        bench.registry.stop();
        assertThat(waiting.end()).satisfies(status -> {
            assertThat(status.getCode()).isEqualTo(Status.Code.UNAVAILABLE);
            assertThat(status.getDescription()).isEqualTo("kas is shutting down");
        });
        agent.say(ScriptedAgent.header(Map.of()), ScriptedAgent.trailer(Map.of()));
        agent.halfClose();
        GatewayKasResponse header = running.next();
        assertThat(header.hasHeader()).isTrue();
        assertThat(running.next().hasTrailer()).isTrue();
        assertThat(running.end()).isEqualTo(Status.OK);
    }
}
