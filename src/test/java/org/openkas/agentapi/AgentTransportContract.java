package org.openkas.agentapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.protobuf.ByteString;
import com.google.protobuf.BytesValue;
import com.google.protobuf.Message;
import io.grpc.CallOptions;
import io.grpc.ClientInterceptor;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.openkas.cluster.TokenLimiter;
import org.openkas.common.AgentToken;
import org.openkas.common.AgentType;
import org.openkas.common.Log;
import org.openkas.grpc.ConnectionPolicy;
import org.openkas.grpc.GrpcServerMetrics;
import org.openkas.grpc.ListenerSettings;
import org.openkas.grpc.MessageValidator;
import org.openkas.grpc.Opening;
import org.openkas.net.ListenAddress;
import org.openkas.net.Network;
import org.openkas.net.Security;
import org.openkas.proto.agentconfiguration.AgentConfigurationGrpc;
import org.openkas.proto.agentconfiguration.ConfigurationRequest;
import org.openkas.proto.agentconfiguration.ConfigurationResponse;
import org.openkas.proto.agentregistrar.AgentRegistrarGrpc;
import org.openkas.proto.agentregistrar.RegisterRequest;
import org.openkas.testkit.AgentChannels;
import org.openkas.testkit.AgentServices;
import org.openkas.testkit.Http2Frame;
import org.openkas.testkit.RawPeer;
import org.openkas.testkit.RecordedLog;
import org.openkas.testkit.Threads;
import org.openkas.testkit.WebSocketMessage;

/** What agents meet on any listener that takes WebSockets (chapter 01 §2, §3), whoever terminates them. */
abstract class AgentTransportContract {
    private static final String REGISTER = "/gitlab.agent.agent_registrar.rpc.AgentRegistrar/Register";
    private static final String GET_CONFIGURATION = "/gitlab.agent.agent_configuration.rpc.AgentConfiguration/GetConfiguration";
    private static final String CONNECT = "/gitlab.agent.reverse_tunnel.rpc.ReverseTunnel/Connect";
    private static final String TOKEN = "Bearer some-agent-token";
    private static final int ENHANCE_YOUR_CALM = 0xb;

    /** What a test may change. */
    protected record Setup(Duration maxConnectionAge, Duration listenGracePeriod, ConnectionPolicy policy, TokenLimiter limiter,
            MessageValidator validator, Map<String, String> aliases) {
        Setup age(Duration age) {
            return new Setup(age, listenGracePeriod, policy, limiter, validator, aliases);
        }

        Setup grace(Duration grace) {
            return new Setup(maxConnectionAge, grace, policy, limiter, validator, aliases);
        }

        Setup policy(ConnectionPolicy changed) {
            return new Setup(maxConnectionAge, listenGracePeriod, changed, limiter, validator, aliases);
        }

        Setup limiter(TokenLimiter changed) {
            return new Setup(maxConnectionAge, listenGracePeriod, policy, changed, validator, aliases);
        }

        Setup validator(MessageValidator changed) {
            return new Setup(maxConnectionAge, listenGracePeriod, policy, limiter, changed, aliases);
        }

        Setup aliases(Map<String, String> changed) {
            return new Setup(maxConnectionAge, listenGracePeriod, policy, limiter, validator, changed);
        }

        ListenerSettings listener(Opening opening) {
            return new ListenerSettings(new ListenAddress(Network.TCP, "127.0.0.1:0"), new Security.Plain(), opening, maxConnectionAge,
                    listenGracePeriod, policy);
        }

        AgentGate gate(PrometheusRegistry registry, Log log) {
            return new AgentGate(new GrpcServerMetrics(registry), validator, limiter, new RateExceeded(registry), aliases, log);
        }
    }

    /** A listener that runs. */
    protected interface Running extends AutoCloseable {
        int port();

        void drain(Duration limit) throws Exception;

        /** The value of a metric's series, 0 if it is not there; labels as name, value, name, value. */
        double metric(String name, String... labels);

        @Override
        void close();
    }

    /** What the listeners run on. */
    protected static Threads threads;

    private final List<AutoCloseable> opened = new ArrayList<>();
    protected final AgentServices services = new AgentServices();
    protected final RecordedLog log = new RecordedLog();

    /** Starts a listener with {@link #services} and {@link #log}. */
    protected abstract Running start(Setup setup) throws Exception;

    /** Whether the connection ends within this time without the peer's doing. */
    protected boolean ends(RawPeer peer, int millis) throws IOException {
        return peer.awaitClose(millis);
    }

    /** What a peer has to do for its connection to be closed after it got a close frame. */
    protected void answerClose(RawPeer peer) throws IOException {
        // nothing
    }

    /** Whether the reasons of close frames are ours; their codes always count. */
    protected boolean ownReasons() {
        return true;
    }

    /** Whether the sizes of fragments count before their bytes are there. */
    protected boolean countsAhead() {
        return true;
    }

    /** Whether frames without a mask are noticed. */
    protected boolean insistsOnMasks() {
        return true;
    }

    /** Whether a fragment that continues nothing is noticed before the last one. */
    protected boolean noticesStrayFragments() {
        return true;
    }

    /** How a new connection fares after a drain. */
    protected void assertShut(Running server) throws Exception {
        assertThatThrownBy(() -> RawPeer.http(server.port())).isInstanceOf(IOException.class);
    }

    protected static Setup standard() {
        return new Setup(Duration.ofHours(2), Duration.ZERO,
                ConnectionPolicy.STANDARD.withHandshake(Duration.ofSeconds(25), Duration.ofMillis(500)),
                token -> CompletableFuture.completedFuture(true),
                message -> Optional.empty(),
                Map.of());
    }

    @BeforeAll
    static void startThreads() {
        threads = new Threads();
    }

    @AfterAll
    static void stopThreads() {
        threads.close();
    }

    @AfterEach
    void closeAll() throws Exception {
        for (AutoCloseable resource : opened.reversed()) {
            resource.close();
        }
    }

    protected <T extends AutoCloseable> T opened(T resource) {
        opened.add(resource);
        return resource;
    }

    protected ManagedChannel opened(ManagedChannel channel) {
        opened.add(channel::shutdownNow);
        return channel;
    }

    private Running running(Setup setup) throws Exception {
        return opened(start(setup));
    }

    private RawPeer peer(Running server, int... settings) throws IOException {
        RawPeer peer = opened(RawPeer.websocket(server.port()));
        peer.sendHttp2(Http2Frame.opening(settings));
        return peer;
    }

    private RawPeer http(Running server) throws IOException {
        return opened(RawPeer.http(server.port()));
    }

    protected static ClientInterceptor token(String... pairs) {
        Metadata metadata = new Metadata();
        if (pairs.length == 0) {
            pairs = new String[]{"authorization", TOKEN};
        }
        for (int i = 0; i < pairs.length; i += 2) {
            metadata.put(Metadata.Key.of(pairs[i], Metadata.ASCII_STRING_MARSHALLER), pairs[i + 1]);
        }
        return MetadataUtils.newAttachHeadersInterceptor(metadata);
    }

    protected static AgentRegistrarGrpc.AgentRegistrarBlockingStub registrar(ManagedChannel channel, String... pairs) {
        return AgentRegistrarGrpc.newBlockingStub(channel).withInterceptors(token(pairs)).withDeadlineAfter(Duration.ofSeconds(10));
    }

    protected static void register(ManagedChannel channel, String... pairs) {
        assertThat(registrar(channel, pairs).withCompression("gzip").register(RegisterRequest.getDefaultInstance())).isNotNull();
    }

    private static Http2Frame call(int stream, String path) {
        return Http2Frame.call(stream, path, "kas.test", "authorization", TOKEN);
    }

    // ------------------------------------------------------------------ upgrade

    @ParameterizedTest
    @ValueSource(strings = {"/", "/-/kubernetes-agent/", "/any/thing?x=1"})
    @DisplayName("AG-04 any path is upgraded")
    void anyPath(String path) throws Exception {
        RawPeer peer = http(running(standard()));
        peer.send(RawPeer.upgradeRequest(path));
        String head = peer.readHead();
        assertThat(head).startsWith("HTTP/1.1 101 Switching Protocols\r\n");
        assertThat(lower(head)).contains("\r\nsec-websocket-protocol: ws-tunnel\r\n", "\r\nserver: gitlab-kas/v1.2.3/abcdef\r\n",
                "\r\nsec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=\r\n", "\r\nupgrade: websocket\r\n", "\r\nconnection: upgrade\r\n");
    }

    @Test
    @DisplayName("AG-05 a plain GET gets 426")
    void plainGet() throws Exception {
        RawPeer peer = http(running(standard()));
        peer.send("GET / HTTP/1.1\r\nHost: kas.test\r\n\r\n");
        String head = peer.readHead();
        String body = "WebSocket protocol violation: Connection header \"\" does not contain Upgrade\n";
        assertThat(head).startsWith("HTTP/1.1 426 ");
        assertThat(lower(head)).contains("\r\nupgrade: websocket\r\n", "\r\nconnection: upgrade\r\n",
                "\r\nserver: gitlab-kas/v1.2.3/abcdef\r\n",
                "\r\ncontent-type: text/plain; charset=utf-8\r\n", "\r\nx-content-type-options: nosniff\r\n",
                "\r\ncontent-length: " + body.length() + "\r\n");
        assertThat(peer.readText(body.length())).isEqualTo(body);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            GET                       | POST                            | 405 | handshake request method is not GET but "POST"
            Sec-WebSocket-Version: 13 | Sec-WebSocket-Version: 12       | 400 | (only 13 is supported): "12"
            Sec-WebSocket-Key: d      | X-Key: d                        | 400 | missing Sec-WebSocket-Key
            Accept-Encoding: gzip     | Origin: https://evil.example    | 403 | request Origin "https://evil.example" is not authorized for Host "kas.test"
            """)
    @DisplayName("AG-06 a wrong upgrade is refused")
    void wrongUpgrade(String right, String wrong, int status, String text) throws Exception {
        RawPeer peer = http(running(standard()));
        peer.send(RawPeer.upgradeRequest("/").replace(right, wrong));
        String head = peer.readHead();
        assertThat(head).startsWith("HTTP/1.1 " + status + " ");
        if (text.contains("12")) {
            assertThat(lower(head)).contains("\r\nsec-websocket-version: 13\r\n");
        }
        int length = Integer.parseInt(lower(head).replaceAll("(?s).*content-length: (\\d+).*", "$1"));
        assertThat(peer.readText(length)).contains(text).endsWith("\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"\u0000\u0001\u0002\r\n", "GET / HTTP/1.1\r\nno header\r\n\r\n"})
    @DisplayName("what is no HTTP is answered with 400 and left at once")
    void noHttp(String text) throws Exception {
        ConnectionPolicy patient = standard().policy().withHandshake(Duration.ofMinutes(1), Duration.ofMillis(500));
        RawPeer peer = http(running(standard().policy(patient)));
        peer.send(text);
        assertThat(peer.readHead()).startsWith("HTTP/1.1 400 ");
        assertThat(peer.awaitClose(5_000)).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"Sec-WebSocket-Protocol: ws-tunnel,X-Other: 1,''", "Sec-WebSocket-Protocol: ws-tunnel,Sec-WebSocket-Protocol: chat,''",
            "Sec-WebSocket-Protocol: ws-tunnel,Sec-WebSocket-Protocol: WS-Tunnel,WS-Tunnel"})
    @DisplayName("AG-07 a wrong subprotocol is told after the upgrade")
    void wrongSubprotocol(String right, String wrong, String got) throws Exception {
        RawPeer peer = http(running(standard()));
        peer.send(RawPeer.upgradeRequest("/").replace(right, wrong));
        String head = peer.readHead();
        assertThat(head).startsWith("HTTP/1.1 101 ");
        if (!got.isEmpty()) {
            assertThat(head).contains("WS-Tunnel");
        }
        WebSocketMessage close = peer.readControl();
        assertThat(close.first()).isEqualTo(WebSocketMessage.CLOSE);
        assertThat(close.closeCode()).isEqualTo(1002);
        assertThat(close.closeReason()).isEqualTo("Expecting \"ws-tunnel\" subprotocol, got \"" + got + "\"");
        answerClose(peer);
        assertThat(peer.awaitClose(2_000)).isTrue();
    }

    @Test
    @DisplayName("AG-08 an offered extension is ignored")
    void noExtension() throws Exception {
        RawPeer peer = http(running(standard()));
        peer.send(RawPeer.upgradeRequest("/",
                "Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover; server_no_context_takeover"));
        assertThat(lower(peer.readHead())).startsWith("http/1.1 101 ").doesNotContain("sec-websocket-extensions");
        peer.sendHttp2(Http2Frame.opening(), call(1, REGISTER).bytes(), Http2Frame.message(1, new byte[0], true).bytes());
        // a compressed message would have a reserved bit set, and would not be HTTP/2
        assertThat(peer.readStatus()).startsWith("0 ");
    }

    // ------------------------------------------------------------------ frames

    @Test
    @DisplayName("AG-09 bytes may come one a message")
    void oneByteAMessage() throws Exception {
        RawPeer peer = opened(RawPeer.websocket(running(standard()).port()));
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte each : aCall()) {
            out.writeBytes(new WebSocketMessage(WebSocketMessage.BINARY, new byte[]{each}).masked());
        }
        peer.send(out.toByteArray());
        assertThat(peer.readStatus()).isEqualTo("0 ");
    }

    @Test
    @DisplayName("AG-09 bytes may come in fragments, with pings and empty frames between them, at any boundary of the network")
    void fragments() throws Exception {
        RawPeer peer = opened(RawPeer.websocket(running(standard()).port()));
        byte[] bytes = aCall();
        int first = 0x02;
        for (int at = 0; at < bytes.length; at += 7) {
            byte[] part = java.util.Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + 7));
            int fin = at + 7 >= bytes.length ? 0x80 : 0;
            byte[] frame = Http2Frame.join(new WebSocketMessage(first | fin, part).masked(),
                    new WebSocketMessage(WebSocketMessage.PING, new byte[]{1}).masked());
            first = 0;
            peer.send(java.util.Arrays.copyOf(frame, 3));
            peer.send(java.util.Arrays.copyOfRange(frame, 3, frame.length));
        }
        peer.send(new WebSocketMessage(WebSocketMessage.BINARY, new byte[0]));
        assertThat(peer.readStatus()).isEqualTo("0 ");
    }

    private static byte[] aCall() {
        return Http2Frame.join(Http2Frame.opening(), call(1, REGISTER).bytes(), Http2Frame.message(1, new byte[0], true).bytes());
    }

    @Test
    @DisplayName("AG-10 a text message ends in 1003")
    void text() throws Exception {
        RawPeer peer = peer(running(standard()));
        peer.send(new WebSocketMessage(WebSocketMessage.TEXT, "hello".getBytes(StandardCharsets.UTF_8)));
        assertClosed(peer, 1003, "unexpected frame type read (expected MessageBinary): MessageText");
    }

    @Test
    @DisplayName("AG-10 a message above 10 MiB ends in 1009")
    void tooBig() throws Exception {
        RawPeer peer = peer(running(standard()));
        peer.send(Http2Frame.join(new WebSocketMessage(WebSocketMessage.BINARY, new byte[0]).head(10485761, true), new byte[4]));
        assertClosed(peer, 1009, ownReasons() ? "read limited at 10485761 bytes" : "");
    }

    @Test
    @DisplayName("AG-10 fragments count together")
    void tooBigTogether() throws Exception {
        RawPeer peer = opened(RawPeer.websocket(running(standard()).port()));
        byte[] most = mostOfALargeMessage();
        peer.send(new WebSocketMessage(0x02, Http2Frame.join(Http2Frame.opening(), most)));
        WebSocketMessage rest = new WebSocketMessage(0x80, new byte[0]);
        int more = 10485761 - most.length - Http2Frame.opening().length;
        peer.send(Http2Frame.join(rest.head(more, true), new byte[countsAhead() ? 4 : 4 + more]));
        assertClosed(peer, 1009, ownReasons() ? "read limited at 10485761 bytes" : "");
    }

    @Test
    @DisplayName("AG-10 a message of exactly 10 MiB is accepted")
    void exactlyTheLimit() throws Exception {
        RawPeer peer = peer(running(standard()));
        byte[] most = mostOfALargeMessage();
        byte[] ping = Http2Frame.ping(77).bytes();
        int left = 10485760 - most.length - ping.length - 9;
        byte[] filler = new Http2Frame(0x77, 0, 0, new byte[left / 2 - 9]).bytes();
        byte[] rest = new Http2Frame(0x77, 0, 0, new byte[left - left / 2]).bytes();
        byte[] payload = Http2Frame.join(most, filler, rest, ping);
        assertThat(payload).hasSize(10485760);
        peer.send(new WebSocketMessage(WebSocketMessage.BINARY, payload));
        Http2Frame ack = peer.readFrame(Http2Frame.PING);
        assertThat(ack.has(Http2Frame.ACK)).isTrue();
        assertThat(ack.payload()).endsWith(77);
    }

    /** Nearly 10 MiB of frames of a type that nobody knows, to be skipped. */
    private static byte[] mostOfALargeMessage() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        byte[] unknown = new Http2Frame(0x77, 0, 0, new byte[16384]).bytes();
        while (out.size() + 2 * unknown.length < 10485760) {
            out.writeBytes(unknown);
        }
        return out.toByteArray();
    }

    @Test
    @DisplayName("AG-11 a ping is answered with its payload")
    void pings() throws Exception {
        RawPeer peer = peer(running(standard()));
        byte[] payload = "some payload".getBytes(StandardCharsets.UTF_8);
        peer.send(new WebSocketMessage(WebSocketMessage.PING, payload));
        WebSocketMessage pong = peer.readControl();
        assertThat(pong.first()).isEqualTo(WebSocketMessage.PONG);
        assertThat(pong.payload()).isEqualTo(payload);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 125})
    @DisplayName("AG-11 pings of any size are answered (Autobahn 2.1 to 2.4)")
    void pingSizes(int size) throws Exception {
        RawPeer peer = peer(running(standard()));
        byte[] payload = new byte[size];
        Arrays.fill(payload, (byte) 0xfe);
        peer.send(new WebSocketMessage(WebSocketMessage.PING, payload));
        WebSocketMessage pong = peer.readControl();
        assertThat(pong.first()).isEqualTo(WebSocketMessage.PONG);
        assertThat(pong.payload()).isEqualTo(payload);
    }

    @Test
    @DisplayName("pongs that nobody asked for mean nothing (Autobahn 2.7 to 2.9)")
    void unsolicitedPongs() throws Exception {
        RawPeer peer = peer(running(standard()));
        peer.send(new WebSocketMessage(WebSocketMessage.PONG, new byte[0]));
        peer.send(new WebSocketMessage(WebSocketMessage.PONG, new byte[]{1, 2, 3}));
        peer.send(call(1, REGISTER), Http2Frame.message(1, new byte[0], true));
        assertThat(peer.readStatus()).isEqualTo("0 ");
        assertThat(peer.controls()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"c2,reserved bit 1", "a2,reserved bit 2", "92,reserved bit 3", "f2,reserved bits", "83,opcode 3", "84,opcode 4",
            "85,opcode 5", "86,opcode 6", "87,opcode 7", "8b,opcode 11", "8c,opcode 12", "8d,opcode 13", "8e,opcode 14", "8f,opcode 15",
            "80,continuation of nothing", "00,fragment of nothing", "09,fragmented ping", "0a,fragmented pong", "08,fragmented close"})
    @DisplayName("a breach of the protocol ends in 1002 (Autobahn 3, 4, 5.1, 5.2, 5.9 to 5.14)")
    void violations(String first, String what) throws Exception {
        RawPeer peer = peer(running(standard()));
        assumeTrue(noticesStrayFragments() || !first.equals("00"));
        peer.send(new WebSocketMessage(Integer.parseInt(first, 16), new byte[0]));
        assertViolation(peer, what);
    }

    @ParameterizedTest
    @ValueSource(ints = {WebSocketMessage.PING, WebSocketMessage.PONG, WebSocketMessage.CLOSE})
    @DisplayName("control frames above 125 bytes end in 1002 (Autobahn 2.5, 7.3.6)")
    void largeControlFrames(int first) throws Exception {
        RawPeer peer = peer(running(standard()));
        byte[] payload = new byte[126];
        payload[0] = 3;
        payload[1] = (byte) 0xe8;
        peer.send(new WebSocketMessage(first, payload));
        assertViolation(peer, "too large");
    }

    @Test
    @DisplayName("a new message within a fragmented one ends in 1002 (Autobahn 5.15, 5.18)")
    void messageWithinMessage() throws Exception {
        RawPeer peer = opened(RawPeer.websocket(running(standard()).port()));
        peer.send(new WebSocketMessage(0x02, Http2Frame.opening()));
        peer.send(new WebSocketMessage(WebSocketMessage.BINARY, Http2Frame.ping(1).bytes()));
        assertViolation(peer, "new message");
    }

    private static void assertViolation(RawPeer peer, String what) throws IOException {
        WebSocketMessage close = peer.readControl();
        assertThat(close.first()).as(what).isEqualTo(WebSocketMessage.CLOSE);
        assertThat(close.closeCode()).as(what).isEqualTo(1002);
        assertThat(close.closeReason()).isNotEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999})
    @DisplayName("close codes that a peer may send are echoed (Autobahn 7.7)")
    void closeCodes(int code) throws Exception {
        RawPeer peer = peer(running(standard()));
        peer.send(WebSocketMessage.close(code, ""));
        assertThat(peer.readControl().closeCode()).isEqualTo(code);
        assertThat(peer.awaitClose(2_000)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 999, 1004, 1005, 1006, 2000, 2999})
    @DisplayName("close codes that nobody may send end the connection with 1002 (Autobahn 7.9)")
    void wrongCloseCodes(int code) throws Exception {
        RawPeer peer = peer(running(standard()));
        peer.send(WebSocketMessage.close(code, ""));
        assertThat(peer.readControl().closeCode()).isEqualTo(1002);
    }

    @Test
    @DisplayName("an unmasked frame drops the connection")
    void unmasked() throws Exception {
        RawPeer peer = peer(running(standard()));
        assumeTrue(insistsOnMasks());
        peer.send(new WebSocketMessage(WebSocketMessage.BINARY, new byte[]{1}).unmasked());
        assertThat(peer.awaitClose(2_000)).isTrue();
    }

    @Test
    @DisplayName("a close frame is echoed, then the connection is closed")
    void closeIsEchoed() throws Exception {
        RawPeer peer = peer(running(standard()));
        peer.send(WebSocketMessage.close(1001, "going"));
        assertClosed(peer, 1001, "going");
        assertThat(peer.awaitClose(2_000)).isTrue();
    }

    /** An empty reason stands for any. */
    private static void assertClosed(RawPeer peer, int code, String reason) throws IOException {
        WebSocketMessage close = peer.readControl();
        assertThat(close.first()).isEqualTo(WebSocketMessage.CLOSE);
        assertThat(close.closeCode()).isEqualTo(code);
        if (!reason.isEmpty()) {
            assertThat(close.closeReason()).isEqualTo(reason);
        }
    }

    // ------------------------------------------------------------------ calls

    @ParameterizedTest
    @ValueSource(strings = {"wss:%2F%2Fkas.example.com%2F-%2Fkubernetes-agent%2F", "wss://kas.example.com/-/kubernetes-agent/"})
    @DisplayName("AG-12 the authority does not matter")
    void authority(String authority) throws Exception {
        RawPeer peer = peer(running(standard()));
        peer.send(Http2Frame.call(1, REGISTER, authority, "authorization", TOKEN), Http2Frame.message(1, new byte[0], true));
        assertThat(peer.readStatus()).isEqualTo("0 ");
    }

    @Test
    @DisplayName("AG-13 uncompressed and compressed requests")
    void compression() throws Exception {
        ManagedChannel channel = opened(AgentChannels.ws(running(standard()).port()));
        registrar(channel).register(RegisterRequest.getDefaultInstance());
        registrar(channel).withCompression("gzip").register(RegisterRequest.newBuilder().setPodId(5).build());
        assertThat(services.tokens()).hasSize(2);
    }

    @Test
    @DisplayName("AG-14 510 tunnels and 10 other calls on one connection")
    void manyStreams() throws Exception {
        ManagedChannel channel = opened(AgentChannels.ws(running(standard()).port()));
        CountDownLatch answered = new CountDownLatch(510);
        List<StreamObserver<BytesValue>> tunnels = new ArrayList<>();
        for (int i = 0; i < 510; i++) {
            StreamObserver<BytesValue> tunnel = ClientCalls
                    .asyncBidiStreamingCall(
                            ClientInterceptors.intercept(channel, token()).newCall(AgentServices.CONNECT, CallOptions.DEFAULT),
                            each(message -> answered.countDown()));
            tunnel.onNext(BytesValue.getDefaultInstance());
            tunnels.add(tunnel);
        }
        assertThat(answered.await(20, TimeUnit.SECONDS)).isTrue();
        assertThat(services.tunnels()).isEqualTo(510);
        for (int i = 0; i < 10; i++) {
            register(channel);
        }
        tunnels.forEach(StreamObserver::onCompleted);
        await().until(() -> services.tunnels() == 0);
    }

    private static <T> StreamObserver<T> each(java.util.function.Consumer<T> action) {
        return new StreamObserver<>() {
            @Override
            public void onNext(T message) {
                action.accept(message);
            }

            @Override
            public void onError(Throwable failure) {
            }

            @Override
            public void onCompleted() {
            }
        };
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            /x.Y/Z                                                        | 12 unknown service x.Y
            /gitlab.agent.agent_registrar.rpc.AgentRegistrar/Nothing      | 12 unknown method Nothing for service gitlab.agent.agent_registrar.rpc.AgentRegistrar
            /noslash                                                      | 12 malformed method name: "/noslash"
            """)
    @DisplayName("AG-15 unknown methods are refused without a token")
    void unknownMethods(String path, String status) throws Exception {
        RawPeer peer = peer(running(standard()));
        peer.send(Http2Frame.call(1, path, "kas.test"));
        assertThat(peer.readStatus()).isEqualTo(status);
    }

    @ParameterizedTest
    @CsvSource({"'',Request unauthenticated with bearer", "abc,Bad authorization string", "Basic abc,Request unauthenticated with bearer"})
    @DisplayName("AG-16 wrong authorization")
    void wrongAuthorization(String authorization, String text) throws Exception {
        ManagedChannel channel = opened(AgentChannels.ws(running(standard()).port()));
        String[] pairs = authorization.isEmpty() ? new String[]{"x-other", "1"} : new String[]{"authorization", authorization};
        assertStatus(() -> registrar(channel, pairs).register(RegisterRequest.getDefaultInstance()), Status.Code.UNAUTHENTICATED, text);
        assertThat(services.tokens()).isEmpty();
    }

    @Test
    @DisplayName("AG-16 the scheme's case does not matter, the first value counts, the token is not trimmed")
    void rightAuthorization() throws Exception {
        ManagedChannel channel = opened(AgentChannels.ws(running(standard()).port()));
        register(channel, "authorization", "bEaReR a b ");
        register(channel, "authorization", "Bearer first", "authorization", "Bearer second");
        register(channel, "authorization", "Bearer ");
        assertThat(services.tokens()).extracting(AgentToken::value).containsExactly("a b ", "first", "");
    }

    @Test
    @DisplayName("AG-17 calls of a token are limited")
    void rateLimit() throws Exception {
        Map<String, Integer> counts = new ConcurrentHashMap<>();
        Running server = running(standard().limiter(token -> {
            boolean allowed = counts.getOrDefault(token.value(), 0) < 3;
            if (allowed) {
                counts.merge(token.value(), 1, Integer::sum);
            }
            return CompletableFuture.completedFuture(allowed);
        }));
        ManagedChannel channel = opened(AgentChannels.ws(server.port()));
        register(channel);
        register(channel);
        AtomicInteger ended = new AtomicInteger();
        configuration(channel).getConfiguration(ConfigurationRequest.getDefaultInstance(), new Ending(ended::incrementAndGet));
        await().until(() -> services.waiting() == 1);
        String text = "new connection rate limit exhausted for this agent, try again later";
        assertStatus(() -> register(channel), Status.Code.RESOURCE_EXHAUSTED, text);
        Iterator<ConfigurationResponse> refused = AgentConfigurationGrpc.newBlockingStub(channel).withInterceptors(token())
                .getConfiguration(ConfigurationRequest.getDefaultInstance());
        assertStatus(refused::hasNext, Status.Code.RESOURCE_EXHAUSTED, text);
        assertThat(server.metric("agent_server_rate_exceeded_total")).isEqualTo(2);
        register(channel, "authorization", "Bearer other");
        counts.clear(); // the next minute
        register(channel);
        assertThat(ended).hasValue(0);
    }

    @Test
    @DisplayName("AG-17 calls wait for a limiter that takes its time, and then go on as usual")
    void lateLimiter() throws Exception {
        Queue<CompletableFuture<Boolean>> decisions = new ConcurrentLinkedQueue<>();
        Running server = running(standard().limiter(token -> {
            CompletableFuture<Boolean> decision = new CompletableFuture<>();
            decisions.add(decision);
            return decision;
        }));
        ManagedChannel channel = opened(AgentChannels.ws(server.port()));
        CompletableFuture<Void> registered = CompletableFuture.runAsync(() -> register(channel));
        AtomicInteger ended = new AtomicInteger();
        configuration(channel).getConfiguration(ConfigurationRequest.getDefaultInstance(), new Ending(ended::incrementAndGet));
        await().until(() -> decisions.size() == 2);
        assertThat(services.tokens()).isEmpty();
        assertThat(services.waiting()).isZero();
        decisions.forEach(decision -> decision.complete(true));
        registered.get(10, TimeUnit.SECONDS);
        await().until(() -> services.waiting() == 1);
        decisions.clear();
        CompletableFuture<Void> refused = CompletableFuture.runAsync(() -> register(channel));
        await().until(() -> decisions.size() == 1);
        decisions.element().complete(false);
        assertThatThrownBy(() -> refused.get(10, TimeUnit.SECONDS)).hasMessageContaining("RESOURCE_EXHAUSTED");
        assertThat(ended).hasValue(0);
    }

    @Test
    @DisplayName("an invalid unary message costs no quota, an invalid message of a stream does")
    void validationAndLimit() throws Exception {
        AtomicInteger charged = new AtomicInteger();
        Running server = running(standard().limiter(token -> CompletableFuture.completedFuture(charged.incrementAndGet() > 0))
                .validator(AgentTransportContract::invalid));
        ManagedChannel channel = opened(AgentChannels.ws(server.port()));
        assertStatus(() -> register(channel), Status.Code.INVALID_ARGUMENT, "invalid RegisterRequest");
        assertThat(charged).hasValue(0);
        Iterator<ConfigurationResponse> responses = AgentConfigurationGrpc.newBlockingStub(channel).withInterceptors(token())
                .getConfiguration(ConfigurationRequest.getDefaultInstance());
        assertStatus(responses::hasNext, Status.Code.INVALID_ARGUMENT, "invalid ConfigurationRequest");
        assertThat(charged).hasValue(1);
        assertThat(services.tokens()).isEmpty();
        assertThat(services.waiting()).isZero();
    }

    private static Optional<String> invalid(Message message) {
        return Optional.of("invalid " + message.getDescriptorForType().getName());
    }

    @ParameterizedTest
    @CsvSource({"4194305,false,larger", "4194305,true,after decompression larger"})
    @DisplayName("AG-26 NR-020 a message above 4 MiB")
    void tooLargeMessage(int bytes, boolean compressed, String text) throws Exception {
        ManagedChannel channel = opened(AgentChannels.ws(running(standard()).port()));
        BytesValue message = BytesValue.of(ByteString.copyFrom(new byte[bytes - 5]));
        CallOptions options = CallOptions.DEFAULT.withCompression(compressed ? "gzip" : "identity");
        var intercepted = ClientInterceptors.intercept(channel, token());
        assertThat(message.getSerializedSize()).isEqualTo(bytes);
        assertStatus(() -> ClientCalls.blockingUnaryCall(intercepted, AgentServices.ECHO, options, message), Status.Code.RESOURCE_EXHAUSTED,
                "grpc: received message " + text + " than max (4194305 vs. 4194304)");
        BytesValue fits = BytesValue.of(ByteString.copyFrom(new byte[4194304 - 16]));
        assertThat(ClientCalls.blockingUnaryCall(intercepted, AgentServices.ECHO, options, fits)).isEqualTo(fits);
    }

    @Test
    @DisplayName("NR-020 nothing above 4 MiB is sent to an agent")
    void tooLargeAnswer() throws Exception {
        ManagedChannel channel = opened(AgentChannels.ws(running(standard()).port()));
        var intercepted = ClientInterceptors.intercept(channel, token());
        assertStatus(
                () -> ClientCalls.blockingUnaryCall(intercepted, AgentServices.INFLATE, CallOptions.DEFAULT,
                        BytesValue.getDefaultInstance()),
                Status.Code.RESOURCE_EXHAUSTED, "grpc: trying to send message larger than max (4194309 vs. 4194304)");
    }

    @Test
    @DisplayName("AG-26 a message far above 4 MiB")
    void farTooLargeMessage() throws Exception {
        ManagedChannel channel = opened(AgentChannels.ws(running(standard()).port()));
        BytesValue message = BytesValue.of(ByteString.copyFrom(new byte[6 << 20]));
        var intercepted = ClientInterceptors.intercept(channel, token());
        assertThatThrownBy(() -> ClientCalls.blockingUnaryCall(intercepted, AgentServices.ECHO, CallOptions.DEFAULT, message))
                .isInstanceOfSatisfying(StatusRuntimeException.class,
                        e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED));
    }

    // ------------------------------------------------------------------ keepalive

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @DisplayName("AG-11, AG-20 a silent connection gets an HTTP/2 PING and no WebSocket ping, and is closed without an ACK, calls or not")
    void keepalive(boolean withCall) throws Exception {
        // the library takes no shorter period than 10 s
        ConnectionPolicy quick = standard().policy().withKeepAlive(Duration.ofSeconds(10), Duration.ofMillis(300), Duration.ZERO);
        Running server = running(standard().policy(quick));
        // before the silence begins, for on a busy machine the test comes later to it than the server
        long begin = System.nanoTime();
        RawPeer peer = peer(server);
        if (withCall) {
            peer.send(call(1, CONNECT));
            await().until(() -> services.tunnels() == 1);
        }
        peer.patience(15_000);
        peer.readFrame(Http2Frame.PING);
        assertThat(since(begin)).isBetween(10.0, 20.0);
        assertThat(peer.controls()).isEmpty();
        assertThat(ends(peer, 3_000)).isTrue();
    }

    @Test
    @DisplayName("AG-21 PINGs too often end in GOAWAY after the fourth")
    void tooManyPings() throws Exception {
        RawPeer peer = peer(running(standard()));
        for (int i = 1; i <= 3; i++) {
            peer.send(Http2Frame.ping(i));
            Http2Frame ack = peer.readFrame(Http2Frame.PING);
            assertThat(ack.payload()).endsWith(i);
        }
        peer.send(Http2Frame.ping(4));
        Http2Frame goaway = peer.readFrame(Http2Frame.GOAWAY);
        assertThat(goaway.error()).isEqualTo(ENHANCE_YOUR_CALM);
        assertThat(goaway.debug()).isEqualTo("too_many_pings");
        assertThat(ends(peer, 3_000)).isTrue();
    }

    @Test
    @DisplayName("AG-21 PINGs with the right spacing are welcome without streams")
    void patientPings() throws Exception {
        ConnectionPolicy quick = standard().policy().withKeepAlive(Duration.ofSeconds(50), Duration.ofSeconds(20), Duration.ofMillis(20));
        RawPeer peer = peer(running(standard().policy(quick)));
        for (int i = 0; i < 12; i++) {
            await().pollDelay(25, TimeUnit.MILLISECONDS).until(() -> true);
            peer.send(Http2Frame.ping(i));
            assertThat(peer.readFrame(Http2Frame.PING).has(Http2Frame.ACK)).isTrue();
        }
    }

    @Test
    @DisplayName("AG-22 a PING after DATA, one at a time, is never punished")
    void bandwidthPings() throws Exception {
        RawPeer peer = peer(running(standard()), 4, 0x7fffffff);
        peer.send(Http2Frame.windowUpdate(0, 0x7fff0000 - 65535));
        peer.send(call(1, "/test.Bulk/Download"), Http2Frame.message(1, new byte[0], true));
        int acks = 0;
        boolean outstanding = false;
        while (acks < 300) {
            Http2Frame frame = peer.readFrame();
            if (frame.type() == Http2Frame.DATA && !outstanding) {
                outstanding = true;
                peer.send(Http2Frame.ping(0x02041010090e0707L));
            } else if (frame.type() == Http2Frame.PING && frame.has(Http2Frame.ACK)) {
                outstanding = false;
                acks++;
            }
            assertThat(frame.type()).isNotEqualTo(Http2Frame.GOAWAY);
        }
    }

    // ------------------------------------------------------------------ age and shutdown

    @Test
    @DisplayName("AG-23, AG-24 GOAWAY, then waiting calls end, then the connection is cut")
    void connectionAge() throws Exception {
        RawPeer peer = peer(running(standard().age(Duration.ofSeconds(6))));
        long begin = System.nanoTime();
        peer.send(call(1, CONNECT), Http2Frame.message(1, new byte[0], false), call(3, GET_CONFIGURATION),
                Http2Frame.message(3, new byte[0], true));
        Http2Frame goaway = peer.readFrame(Http2Frame.GOAWAY);
        assertThat(since(begin)).isBetween(1.0, 1.5);
        assertThat(goaway.error()).isZero();
        assertThat(goaway.debug()).isEqualTo("max_age");
        long goneAway = System.nanoTime();
        peer.send(Http2Frame.pingAck(peer.readFrame(Http2Frame.PING).payload()));
        Http2Frame end = peer.readFrame(Http2Frame.HEADERS);
        assertThat(end.stream()).isEqualTo(3);
        assertThat(end.has(Http2Frame.END_STREAM)).isTrue();
        assertThat(since(begin)).isBetween(1.75, 2.2);
        // the tunnel still works
        peer.send(Http2Frame.message(1, new byte[]{10, 1, 7}, false));
        assertThat(peer.readFrame(Http2Frame.DATA).payload()).endsWith(7);
        assertThatThrownBy(() -> peer.readFrame(Http2Frame.HEADERS)).isInstanceOf(EOFException.class)
                .hasMessageStartingWith("WebSocket closed with 1000");
        assertThat(since(goneAway)).isBetween(3.6, 4.6);
    }

    private static double since(long nanos) {
        return (System.nanoTime() - nanos) / 1e9;
    }

    @Test
    @DisplayName("AG-25 a drain takes new calls for the grace period, then ends waiting calls and says graceful_stop")
    void drain() throws Exception {
        Running server = running(standard().grace(Duration.ofMillis(700)));
        RawPeer peer = peer(server);
        peer.send(call(1, GET_CONFIGURATION), Http2Frame.message(1, new byte[0], true));
        await().until(() -> services.waiting() == 1);
        long begin = System.nanoTime();
        Thread drain = Thread.ofVirtual().start(() -> {
            try {
                server.drain(Duration.ofSeconds(5));
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        register(opened(AgentChannels.ws(server.port()))); // a new connection and a new call
        List<String> seen = new ArrayList<>();
        assertThatThrownBy(() -> {
            while (true) {
                Http2Frame frame = peer.readFrame();
                if (frame.type() == Http2Frame.HEADERS && frame.stream() == 1 && frame.has(Http2Frame.END_STREAM)) {
                    seen.add("end");
                    assertThat(since(begin)).isGreaterThan(0.6);
                } else if (frame.type() == Http2Frame.GOAWAY) {
                    seen.add(frame.debug() + frame.error());
                } else if (frame.type() == Http2Frame.PING && !frame.has(Http2Frame.ACK)) {
                    peer.send(Http2Frame.pingAck(frame.payload()));
                }
            }
        }).isInstanceOf(EOFException.class).hasMessageStartingWith("WebSocket closed with 1000");
        assertThat(seen).containsExactlyInAnyOrder("end", "graceful_stop0", "graceful_stop0");
        drain.join();
        assertShut(server);
    }

    @Test
    @DisplayName("a drain waits for running calls no longer than its limit")
    void drainLimit() throws Exception {
        Running server = running(standard());
        RawPeer peer = peer(server);
        peer.send(call(1, CONNECT), Http2Frame.message(1, new byte[0], false));
        await().until(() -> services.tunnels() == 1);
        long begin = System.nanoTime();
        server.drain(Duration.ofMillis(300));
        assertThat(since(begin)).isBetween(0.3, 5.0);
        await().until(() -> services.tunnels() == 0);
    }

    // ------------------------------------------------------------------ newer agents

    @Test
    @DisplayName("NR-008 a foreign service name is unknown, a renamed one of ours is found")
    void renamedService() throws Exception {
        RawPeer peer = peer(running(standard()));
        peer.send(Http2Frame.call(1, "/evil.agent.AgentRegistrar/Register", "kas.test", "authorization", TOKEN));
        assertThat(peer.readStatus()).isEqualTo("12 unknown service evil.agent.AgentRegistrar");
        peer.send(call(3, "/gitlab.agent.somewhere.new.AgentRegistrar/Register"), Http2Frame.message(3, new byte[0], true));
        assertThat(peer.readStatus()).isEqualTo("0 ");
        peer.send(Http2Frame.call(5, "/gitlab.agent.somewhere.new.AgentRegistrar/Register", "kas.test"));
        assertThat(peer.readStatus()).isEqualTo("16 Request unauthenticated with bearer");
    }

    @Test
    @DisplayName("NR-009 an unknown method is logged once")
    void unknownMethodIsLoggedOnce() throws Exception {
        RawPeer peer = peer(running(standard()));
        for (int i = 0; i < 100; i++) {
            peer.send(call(2 * i + 1, "/gitlab.agent.x.Y/Z"));
            assertThat(peer.readStatus()).isEqualTo("12 unknown service gitlab.agent.x.Y");
        }
        assertThat(log.lines("Unknown agent method")).singleElement().satisfies(
                line -> assertThat(line.fields()).containsEntry("grpc_service", "gitlab.agent.x.Y").containsEntry("grpc_method", "Z"));
    }

    @Test
    @DisplayName("NR-010 an alias works and is counted under the canonical name")
    void alias() throws Exception {
        String canonical = "gitlab.agent.agent_registrar.rpc.AgentRegistrar";
        Running server = running(
                standard().aliases(Map.of("com.example.Renamed", canonical, "com.example.Other/Sign", canonical + "/Register")));
        RawPeer peer = peer(server);
        peer.send(call(1, "/com.example.Renamed/Register"), Http2Frame.message(1, new byte[0], true));
        assertThat(peer.readStatus()).isEqualTo("0 ");
        peer.send(call(3, "/com.example.Other/Sign"), Http2Frame.message(3, new byte[0], true));
        assertThat(peer.readStatus()).isEqualTo("0 ");
        assertThat(server.metric("grpc_server_handled_total", "grpc_type", "unary", "grpc_service", canonical, "grpc_method", "Register",
                "grpc_code",
                "OK")).isEqualTo(2);
    }

    @Test
    @DisplayName("NR-015, NR-018 agent types")
    void agentTypes() throws Exception {
        ManagedChannel channel = opened(AgentChannels.ws(running(standard()).port()));
        register(channel);
        register(channel, "authorization", "Bearer r", "gitlab-agent-type", "runner");
        assertStatus(() -> register(channel, "authorization", "Bearer t", "gitlab-agent-type", "toaster"), Status.Code.INVALID_ARGUMENT,
                "unknown gitlab-agent-type: \"toaster\"");
        assertThat(services.tokens()).extracting(AgentToken::type).containsExactly(AgentType.AGENTK, AgentType.RUNNER);
    }

    @Test
    @DisplayName("NR-019 the token of the metadata counts, not that of the upgrade")
    void tokenOfTheUpgradeIsIgnored() throws Exception {
        ManagedChannel channel = opened(AgentChannels.ws(running(standard()).port(), "Authorization", "Bearer x"));
        register(channel, "authorization", "Bearer y");
        assertThat(services.tokens()).extracting(AgentToken::value).containsExactly("y");
        assertStatus(() -> register(channel, "x-other", "1"), Status.Code.UNAUTHENTICATED, "Request unauthenticated with bearer");
    }

    @Test
    @DisplayName("calls are counted with their code in Go's spelling")
    void metrics() throws Exception {
        Running server = running(standard());
        ManagedChannel channel = opened(AgentChannels.ws(server.port()));
        register(channel);
        assertStatus(() -> register(channel, "x-other", "1"), Status.Code.UNAUTHENTICATED, "Request unauthenticated with bearer");
        String[] register = {"grpc_type", "unary", "grpc_service", "gitlab.agent.agent_registrar.rpc.AgentRegistrar", "grpc_method",
                "Register"};
        assertThat(server.metric("grpc_server_started_total", register)).isEqualTo(2);
        assertThat(server.metric("grpc_server_msg_received_total", register)).isEqualTo(1);
        assertThat(server.metric("grpc_server_msg_sent_total", register)).isEqualTo(1);
        assertThat(server.metric("grpc_server_handled_total", with(register, "grpc_code", "OK"))).isEqualTo(1);
        assertThat(server.metric("grpc_server_handled_total", with(register, "grpc_code", "Unauthenticated"))).isEqualTo(1);
        String[] inFlight = {"grpc_service", "gitlab.agent.agent_configuration.rpc.AgentConfiguration", "grpc_method", "GetConfiguration"};
        configuration(channel).getConfiguration(ConfigurationRequest.getDefaultInstance(), new Ending(() -> {
        }));
        await().until(() -> services.waiting() == 1);
        assertThat(server.metric("grpc_server_requests_in_flight", inFlight)).isEqualTo(1);
        channel.shutdownNow();
        await().untilAsserted(() -> assertThat(server.metric("grpc_server_requests_in_flight", inFlight)).isZero());
        assertThat(server.metric("grpc_server_handled_total", with(with(inFlight, "grpc_type", "server_stream"), "grpc_code", "Canceled")))
                .isEqualTo(1);
    }

    // ------------------------------------------------------------------ attacks

    @ParameterizedTest
    @CsvSource({"SETTINGS,too_many_settings", "RST_STREAM,too_many_rststreams", "EMPTY,too_many_empty_frames",
            "PRIORITY,too_many_priorities",
            "WINDOW_UPDATE,too_many_window_updates", "UNKNOWN,too_many_unknown_frames"})
    @DisplayName("a flood of cheap frames ends in GOAWAY")
    void floods(String kind, String complaint) throws Exception {
        RawPeer peer = peer(running(standard()));
        peer.send(call(1, CONNECT));
        Http2Frame frame = switch (kind) {
            case "SETTINGS" -> Http2Frame.settings(4, 65535);
            case "RST_STREAM" -> Http2Frame.reset(1);
            case "EMPTY" -> new Http2Frame(Http2Frame.DATA, 0, 1, new byte[0]);
            case "PRIORITY" -> new Http2Frame(Http2Frame.PRIORITY, 0, 1, new byte[]{0, 0, 0, 0, 1});
            case "WINDOW_UPDATE" -> Http2Frame.windowUpdate(0, 1);
            default -> new Http2Frame(0x77, 0, 0, new byte[0]);
        };
        Thread.ofVirtual().start(() -> {
            try {
                for (int i = 0; i < 3_000; i++) {
                    Http2Frame[] some = new Http2Frame[10];
                    java.util.Arrays.fill(some, frame);
                    peer.send(some);
                }
            } catch (IOException e) {
                // the server hung up
            }
        });
        Http2Frame goaway = peer.readFrame(Http2Frame.GOAWAY);
        assertThat(goaway.error()).isEqualTo(ENHANCE_YOUR_CALM);
        assertThat(goaway.debug()).isEqualTo(complaint);
        assertThat(ends(peer, 5_000)).isTrue();
    }

    @Test
    @DisplayName("a peer that keeps its windows shut gets no more calls than can wait")
    void shutWindows() throws Exception {
        Running server = running(standard());
        RawPeer peer = peer(server, 4, 0);
        for (int i = 0; i <= 1000; i++) {
            peer.send(call(2 * i + 1, "/test.Bulk/Echo"), Http2Frame.message(2 * i + 1, new byte[]{10, 1, 7}, true));
        }
        await().until(
                () -> server.metric("grpc_server_handled_total", "grpc_type", "unary", "grpc_service", "test.Bulk", "grpc_method", "Echo",
                        "grpc_code", "OK") == 1001);
        peer.send(call(2003, "/test.Bulk/Echo"), Http2Frame.message(2003, new byte[]{10, 1, 7}, true));
        assertThat(peer.readStatus()).isEqualTo("8 too many answers wait for this connection to accept data");
        peer.send(Http2Frame.settings(4, 65535));
        peer.send(call(3001, "/test.Bulk/Echo"), Http2Frame.message(3001, new byte[]{10, 1, 7}, true));
        assertThat(peer.readStatus()).isEqualTo("0 ");
    }

    @Test
    @DisplayName("a busy agent may cancel 500 calls at once, again and again")
    void manyCancellations() throws Exception {
        RawPeer peer = peer(running(standard()));
        for (int round = 0; round < 3; round++) {
            List<Http2Frame> frames = new ArrayList<>();
            int first = 1 + 1000 * round;
            for (int i = 0; i < 500; i++) {
                frames.add(call(first + 2 * i, CONNECT));
            }
            for (int i = 0; i < 500; i++) {
                frames.add(Http2Frame.reset(first + 2 * i));
            }
            peer.send(frames.toArray(Http2Frame[]::new));
        }
        peer.send(call(5001, REGISTER), Http2Frame.message(5001, new byte[0], true));
        assertThat(peer.readStatus()).isEqualTo("0 ");
        await().until(() -> services.tunnels() == 0);
    }

    protected static String[] with(String[] some, String... more) {
        List<String> all = new ArrayList<>(List.of(some));
        all.addAll(List.of(more));
        return all.toArray(String[]::new);
    }

    private static AgentConfigurationGrpc.AgentConfigurationStub configuration(ManagedChannel channel) {
        return AgentConfigurationGrpc.newStub(channel).withInterceptors(token());
    }

    protected static void assertStatus(Runnable call, Status.Code code, String text) {
        assertThatThrownBy(call::run).isInstanceOfSatisfying(StatusRuntimeException.class, e -> {
            assertThat(e.getStatus().getCode()).isEqualTo(code);
            assertThat(e.getStatus().getDescription()).isEqualTo(text);
        });
    }

    private static String lower(String text) {
        return text.toLowerCase(java.util.Locale.ROOT);
    }

    private record Ending(Runnable ended) implements StreamObserver<ConfigurationResponse> {
        @Override
        public void onNext(ConfigurationResponse response) {
        }

        @Override
        public void onError(Throwable failure) {
            ended.run();
        }

        @Override
        public void onCompleted() {
            ended.run();
        }
    }
}
