package org.openkas.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.stub.StreamObserver;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.openkas.net.ListenAddress;
import org.openkas.net.Network;
import org.openkas.net.Security;
import org.openkas.proto.agentregistrar.AgentRegistrarGrpc;
import org.openkas.proto.agentregistrar.RegisterRequest;
import org.openkas.proto.agentregistrar.RegisterResponse;
import org.openkas.testkit.Http2Frame;
import org.openkas.testkit.RawPeer;
import org.openkas.testkit.Threads;

/** What the answers look like on the wire where a request is odd (chapter 01 §2.8, §3.1, §3.10). */
class CallFramesTest {
    private static final String REGISTER = "/gitlab.agent.agent_registrar.rpc.AgentRegistrar/Register";
    private static final byte[] REQUEST = RegisterRequest.newBuilder().setPodId(1).build().toByteArray();

    private final Threads threads = new Threads();
    private final DefaultHttp2HeadersDecoder decoder = new DefaultHttp2HeadersDecoder(false);
    private GrpcListener listener;
    private RawPeer peer;

    private static final class Registrar extends AgentRegistrarGrpc.AgentRegistrarImplBase {
        @Override
        public void register(RegisterRequest request, StreamObserver<RegisterResponse> responses) {
            responses.onNext(RegisterResponse.getDefaultInstance());
            responses.onCompleted();
        }
    }

    @BeforeEach
    void start() throws Exception {
        listener = new GrpcListener(ListenerSettings.http2(new ListenAddress(Network.TCP, "127.0.0.1:0"), new Security.Plain(),
                Duration.ofHours(2), Duration.ZERO), threads.runtime(), new MethodTable(List.of(new Registrar()), List.of()));
        listener.start();
        peer = RawPeer.plain(listener.bound().port());
        peer.sendHttp2(Http2Frame.opening());
    }

    @AfterEach
    void stop() throws IOException {
        peer.close();
        listener.close();
        threads.close();
    }

    @ParameterizedTest
    @DisplayName("§3.1: requests that are no calls")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            content-type  | application/json        | 415 | 3  | invalid gRPC request content-type "application/json"
            content-type  | application/grpc-web    | 415 | 3  | invalid gRPC request content-type "application/grpc-web"
            content-type  | Application/grpc        | 415 | 3  | invalid gRPC request content-type "Application/grpc"
            content-type  | ``                      | 415 | 3  | invalid gRPC request content-type ""
            content-type  | 100%                    | 415 | 3  | invalid gRPC request content-type "100%25"
            :method       | GET                     | 405 | 13 | Received a HEADERS frame with :method "GET" which should be POST
            grpc-timeout  | abc                     | 400 | 13 | malformed grpc-timeout: transport: timeout unit is not recognized: "abc"
            grpc-timeout  | S                       | 400 | 13 | malformed grpc-timeout: transport: timeout string is too short: "S"
            grpc-timeout  | 123456789S              | 400 | 13 | malformed grpc-timeout: transport: timeout string is too long: "123456789S"
            grpc-timeout  | xS                      | 400 | 13 | malformed grpc-timeout: strconv.ParseInt: parsing "x": invalid syntax
            :path         | ``                      | 200 | 12 | malformed method name: ""
            :path         | x                       | 200 | 12 | malformed method name: "x"
            grpc-encoding | snappy                  | 200 | 12 | grpc: Decompressor is not installed for grpc-encoding "snappy"
            grpc-encoding | GZIP                    | 200 | 12 | grpc: Decompressor is not installed for grpc-encoding "GZIP"
            """)
    void noCalls(String name, String value, String http, String status, String message) throws Exception {
        peer.send(request(1, name, value));
        Http2Frame answer = peer.readFrame(Http2Frame.HEADERS);
        Http2Headers headers = answer.headers(decoder);

        assertThat(answer.has(Http2Frame.END_STREAM)).isTrue();
        assertThat(List.of(headers.status(), headers.get("content-type"), headers.get("grpc-status"), headers.get("grpc-message"))
                .stream().map(CharSequence::toString)).containsExactly(http, "application/grpc", status, message);
        Http2Frame reset = peer.readFrame(Http2Frame.RST_STREAM);
        assertThat(List.of(reset.stream(), reset.error())).containsExactly(1, 0);
        assertServes(3);
    }

    @ParameterizedTest
    @DisplayName("§3.1: what is a call all the same")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            content-type  | application/grpc+proto
            content-type  | application/grpc;charset=utf-8
            grpc-timeout  | 99999999H
            grpc-timeout  | +5S
            grpc-encoding | ``
            grpc-encoding | identity
            """)
    void calls(String name, String value) throws Exception {
        peer.send(request(1, name, value), Http2Frame.message(1, REQUEST, true));
        assertThat(status(1)).isEqualTo("0 ");
    }

    @Test
    @DisplayName("§3.10: RST_STREAM NO_ERROR behind the answer to a call that is not half-closed")
    void answeredEarly() throws Exception {
        peer.send(Http2Frame.call(1, "/x.Y/Z", "kas.test"));
        assertThat(status(1)).isEqualTo("12 unknown service x.Y");
        Http2Frame next = peer.readFrame();
        assertThat(List.of(next.type(), next.stream(), next.error())).containsExactly(Http2Frame.RST_STREAM, 1, 0);
        peer.send(Http2Frame.message(1, REQUEST, true));
        assertServes(3);
    }

    @Test
    @DisplayName("§3.10: no RST_STREAM where the client has half-closed")
    void answeredInTime() throws Exception {
        peer.send(Http2Frame.call(1, REGISTER, "kas.test"), Http2Frame.message(1, REQUEST, true));
        assertThat(status(1)).isEqualTo("0 ");
        peer.send(Http2Frame.ping(5));
        Http2Frame next = peer.readFrame();
        while (next.type() == Http2Frame.WINDOW_UPDATE) {
            next = peer.readFrame();
        }
        assertThat(next.type()).isEqualTo(Http2Frame.PING);
    }

    @ParameterizedTest
    @DisplayName("a call whose headers cannot be read does not end the calls beside it")
    @ValueSource(strings = {"x-bin", "connection", "X-Upper"})
    void unreadableHeaders(String name) throws Exception {
        peer.send(request(1, name, "!"), Http2Frame.message(1, REQUEST, true));
        Http2Frame reset = peer.readFrame(Http2Frame.RST_STREAM);
        assertThat(List.of(reset.stream(), reset.error())).containsExactly(1, 1);
        assertServes(3);
    }

    @Test
    @DisplayName("empty DATA frames between the headers and the message")
    void emptyFrames() throws Exception {
        Http2Frame empty = new Http2Frame(Http2Frame.DATA, 0, 1, new byte[0]);
        peer.send(Http2Frame.call(1, REGISTER, "kas.test"), empty, empty, empty, Http2Frame.message(1, REQUEST, true));
        assertThat(status(1)).isEqualTo("0 ");
    }

    @Test
    @DisplayName("trailers end a request")
    void trailers() throws Exception {
        Http2Frame trailers = Http2Frame.request(1, "x-a", "b");
        peer.send(Http2Frame.call(1, REGISTER, "kas.test"), Http2Frame.message(1, REQUEST, false),
                new Http2Frame(trailers.type(), trailers.flags() | Http2Frame.END_STREAM, 1, trailers.payload()));
        assertThat(status(1)).isEqualTo("0 ");
    }

    @Test
    @DisplayName("§2.8: bytes that are not gzip")
    void notGzip() throws Exception {
        assertThat(compressed("this is no gzip at all".getBytes(StandardCharsets.UTF_8)))
                .isEqualTo("13 grpc: failed to decompress the received message: gzip: invalid header");
        assertThat(compressed(new byte[0])).isEqualTo("13 grpc: failed to decompress the received message: unexpected EOF");
    }

    @Test
    @DisplayName("§2.8: gzip that ends early")
    void cutGzip() throws Exception {
        ByteArrayOutputStream whole = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(whole)) {
            gzip.write(REQUEST);
        }
        assertThat(compressed(Arrays.copyOf(whole.toByteArray(), whole.size() - 9)))
                .isEqualTo("13 grpc: failed to decompress the received message: unexpected EOF");
        assertThat(compressed(whole.toByteArray())).isEqualTo("0 ");
    }

    @ParameterizedTest
    @DisplayName("§2.8, §3.1: messages that are refused before they are read; the connection serves on")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            identity | 1   | 2          | 13 grpc: compressed flag set with identity or empty encoding
            ``       | 1   | 2          | 13 grpc: compressed flag set with identity or empty encoding
            gzip     | 2   | 2          | 13 grpc: received unexpected payload format 2
            identity | 255 | 2          | 13 grpc: received unexpected payload format 255
            identity | 0   | 5242881    | 8 grpc: received message larger than max (5242881 vs. 4194304)
            gzip     | 1   | 4294967295 | 8 grpc: received message larger than max (4294967295 vs. 4194304)
            """)
    void refusedMessages(String encoding, int flags, long length, String answer) throws Exception {
        byte[] framed = ByteBuffer.allocate(7).put((byte) flags).putInt((int) length).put(new byte[]{16, 1}).array();
        peer.send(request(1, "grpc-encoding", encoding), new Http2Frame(Http2Frame.DATA, 0, 1, Arrays.copyOf(framed, 3)),
                new Http2Frame(Http2Frame.DATA, 0, 1, Arrays.copyOfRange(framed, 3, 7)));
        assertThat(status(1)).isEqualTo(answer);
        Http2Frame reset = peer.readFrame(Http2Frame.RST_STREAM);
        assertThat(List.of(reset.stream(), reset.error())).containsExactly(1, 0);
        assertServes(3);
    }

    @Test
    @DisplayName("§3.10: the headers of an answer name no encodings that a client did not ask about")
    void nothingAdvertised() throws Exception {
        peer.send(Http2Frame.call(1, REGISTER, "kas.test"), Http2Frame.message(1, REQUEST, true));
        assertThat(peer.readFrame(Http2Frame.HEADERS).headers(decoder).contains("grpc-accept-encoding")).isFalse();
    }

    private int next = 1;

    private String compressed(byte[] bytes) throws Exception {
        int stream = next;
        next += 2;
        byte[] framed = ByteBuffer.allocate(5 + bytes.length).put((byte) 1).putInt(bytes.length).put(bytes).array();
        peer.send(request(stream, "grpc-encoding", "gzip"), new Http2Frame(Http2Frame.DATA, Http2Frame.END_STREAM, stream, framed));
        return status(stream);
    }

    private void assertServes(int stream) throws Exception {
        peer.send(Http2Frame.call(stream, REGISTER, "kas.test"), Http2Frame.message(stream, REQUEST, true));
        assertThat(status(stream)).isEqualTo("0 ");
    }

    private String status(int stream) throws Exception {
        while (true) {
            Http2Frame frame = peer.readFrame(Http2Frame.HEADERS);
            Http2Headers headers = frame.headers(decoder);
            if (frame.stream() == stream && headers.contains("grpc-status")) {
                return headers.get("grpc-status") + " " + (headers.contains("grpc-message") ? headers.get("grpc-message") : "");
            }
        }
    }

    /** A call of Register in whose headers one is changed or added. */
    private static Http2Frame request(int stream, String name, String value) {
        List<String> pairs = new ArrayList<>(List.of(":method", "POST", ":scheme", "http", ":path", REGISTER, ":authority", "kas.test",
                "content-type", "application/grpc", "te", "trailers"));
        int at = pairs.indexOf(name);
        if (at >= 0) {
            pairs.set(at + 1, value);
        } else {
            pairs.addAll(List.of(name, value));
        }
        return Http2Frame.request(stream, pairs.toArray(String[]::new));
    }
}
