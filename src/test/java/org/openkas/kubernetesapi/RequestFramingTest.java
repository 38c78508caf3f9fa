package org.openkas.kubernetesapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.openkas.kubernetesapi.RunningProxy.TOKEN;
import static org.openkas.kubernetesapi.RunningProxy.setup;

import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.openkas.kubernetesapi.RunningProxy.Answer;
import org.openkas.testkit.KubernetesAgent;
import org.openkas.testkit.NoLeaks;
import org.openkas.testkit.RawPeer;

/** Chapter 03 §2.3: where two servers might not agree on where a request ends, the connection ends instead. */
@ExtendWith(NoLeaks.class)
class RequestFramingTest {
    private static final String BAD = "400 Bad Request";
    private static final String POST = "POST / HTTP/1.1\r\n" + TOKEN;
    private static final String SECOND = "GET /smuggled HTTP/1.1\r\n" + TOKEN + "\r\n";

    static Stream<Arguments> ambiguous() {
        return Stream.of(bad(POST + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"), bad(POST + "Content-Length: 1, 1\r\n\r\na"),
                bad(POST + "Content-Length: 1,1\r\n\r\na"), bad(POST + "Content-Length: 1, 2\r\n\r\na"),
                bad(POST + "Content-Length: +1\r\n\r\na"), bad(POST + "Content-Length: -1\r\n\r\na"),
                bad(POST + "Content-Length: 0x1\r\n\r\na"), bad(POST + "Content-Length: 1 1\r\n\r\na"),
                bad(POST + "Content-Length:\r\n\r\n"), bad(POST + "Content-Length: 99999999999999999999\r\n\r\n"),
                bad(POST + "Content-Length: 9223372036854775808\r\n\r\n"),
                bad(POST + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
                bad(POST + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n"),
                unknown(POST + "Transfer-Encoding: identity\r\n\r\n"), unknown(POST + "Transfer-Encoding: gzip\r\n\r\n"),
                unknown(POST + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
                unknown(POST + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"),
                unknown(POST + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"), unknown(POST + "Transfer-Encoding:\r\n\r\n"),
                unknown(POST + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
                unknown(POST + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n"),
                bad(POST + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"), bad(POST + "Transfer\u0000-Encoding: chunked\r\n\r\n"),
                bad(POST + "X: a\u0000b\r\n\r\n"), bad(POST + "X: a\u0001b\r\n\r\n"), bad(POST + "X: a\u007fb\r\n\r\n"),
                bad(POST + "X: a\rContent-Length: 5\r\n\r\n"), bad(POST + "X\r: a\r\n\r\n"), bad(POST + "X: a\r\r\n\r\n"),
                bad("GET / HTTP/1.1\r\n" + TOKEN + "Sec-WebSocket-Key1: a\r\nSec-WebSocket-Key2: b\r\n\r\n12345678"),
                bad(POST + "no colon\r\n\r\n"), bad(POST + ": no name\r\n\r\n"), bad(POST + "a b: c\r\n\r\n"),
                bad(POST + "a(b: c\r\n\r\n"), bad(POST + "a\u00e9: c\r\n\r\n"),
                bad("GET / HTTP/1.1\r\n Host: folded\r\n\r\n"), bad("\r\nGET / HTTP/1.1\r\n" + TOKEN + "\r\n"),
                bad(" GET / HTTP/1.1\r\n" + TOKEN + "\r\n"), bad("\u0000GET / HTTP/1.1\r\n" + TOKEN + "\r\n"),
                bad("GET / HTTP/1.1\n" + TOKEN.replace("\r\n", "\n") + "\n"), bad("GET\t/ HTTP/1.1\r\n" + TOKEN + "\r\n"),
                bad("GET  / HTTP/1.1\r\n" + TOKEN + "\r\n"), bad("GET /  HTTP/1.1\r\n" + TOKEN + "\r\n"),
                bad("GET / HTTP/1.1 \r\n" + TOKEN + "\r\n"), bad("GET /a b HTTP/1.1\r\n" + TOKEN + "\r\n"),
                bad("GET /\ra HTTP/1.1\r\n" + TOKEN + "\r\n"), bad("GET /\u0000 HTTP/1.1\r\n" + TOKEN + "\r\n"),
                bad("GET /\u0001 HTTP/1.1\r\n" + TOKEN + "\r\n"), bad("GET /\r\n\r\n"), bad("GET\r\n\r\n"),
                bad("G(T / HTTP/1.1\r\n" + TOKEN + "\r\n"), bad("GET / HTTX/1.1\r\n" + TOKEN + "\r\n"),
                bad("GET / http/1.1\r\n" + TOKEN + "\r\n"), bad("GET / Http/1.1\r\n" + TOKEN + "\r\n"),
                bad("GET %zz HTTP/1.1\r\n" + TOKEN + "\r\n"), bad("GET /%zz HTTP/1.1\r\n" + TOKEN + "\r\n"),
                Arguments.of("GET / HTTP/1.1\r\n\r\n", 400, BAD + ": missing required Host header"),
                Arguments.of("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, BAD + ": malformed Host header"),
                Arguments.of("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, BAD + ": malformed Host header"),
                Arguments.of("GET / HTTP/1.1\r\nHost: a\r\nExpect: foo\r\n\r\n", 417, ""),
                Arguments.of("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505,
                        "505 HTTP Version Not Supported: unsupported protocol version"),
                Arguments.of("GET /" + "x".repeat(1 << 20) + " HTTP/1.1\r\nHost: a\r\nX: " + "x".repeat(8 << 10) + "\r\n\r\n", 431,
                        "431 Request Header Fields Too Large"),
                Arguments.of("GET / HTTP/1.1\r\nHost: a\r\n" + ("X: " + "x".repeat(1000) + "\r\n").repeat(1060) + "\r\n", 431,
                        "431 Request Header Fields Too Large"));
    }

    private static Arguments bad(String request) {
        return Arguments.of(request, 400, BAD);
    }

    private static Arguments unknown(String request) {
        return Arguments.of(request, 501, "Unsupported transfer encoding");
    }

    @ParameterizedTest
    @MethodSource("ambiguous")
    @DisplayName("chapter 03 §2.3: refused, and what follows is not taken for a request")
    void refused(String request, int status, String text) throws Exception {
        try (RunningProxy proxy = setup().start(); RawPeer peer = proxy.peer()) {
            proxy.agent.atEnd(call -> call.answer(200, "x"));
            peer.send(request + SECOND);
            Answer answer = RunningProxy.answer(peer, false);
            assertThat(answer.head()).startsWith("HTTP/1.1 " + status + " ");
            assertThat(answer.body()).isEqualTo(text);
            assertThat(answer.header("Connection")).isEqualTo("close");
            assertThat(answer.header("Content-Type")).isEqualTo(text.isEmpty() ? "" : "text/plain; charset=utf-8");
            assertThat(peer.readText(1)).as("more than one answer").isEmpty();
            assertThat(proxy.agent.waiting()).isZero();
            assertThat(proxy.get("/").status()).as("others are served").isEqualTo(200);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET * HTTP/1.1\r\nHost: a\r\n\r\n", "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"})
    @DisplayName("chapter 03 §2.3: targets that are no path get a Status object")
    void statusObject(String request) throws Exception {
        try (RunningProxy proxy = setup().start()) {
            Answer answer = proxy.ask(request);
            assertThat(answer.head()).startsWith("HTTP/1.1 400 Bad Request\r\n");
            assertThat(answer.header("Content-Type")).isEqualTo("application/json");
            assertThat(answer.body()).contains("Bad request: URL does not start with expected prefix");
            assertThat(answer.header("Connection")).isEqualTo(request.startsWith("GET") ? "" : "close");
        }
    }

    @Test
    @DisplayName("chapter 03 §2.3: what is unusual but clear is accepted")
    void accepted() throws Exception {
        try (RunningProxy proxy = setup().start(); RawPeer peer = proxy.peer()) {
            proxy.agent.atEnd(call -> call.answer(200, call.body().toStringUtf8()));
            for (String request : new String[]{POST + "Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi",
                    POST + "TRANSFER-encoding: Chunked\r\n\r\n2;name=value\r\nhi\r\n0\r\nX: t\r\n\r\n",
                    POST + "Expect:\r\nContent-Length: 2\r\n\r\nhi", POST + "X: folded\r\n more\r\nContent-Length: 2\r\n\r\nhi",
                    "POST http://elsewhere/ HTTP/1.1\r\n" + TOKEN + "Content-Length: 2\r\n\r\nhi"}) {
                peer.send(request);
                assertThat(RunningProxy.answer(peer, false).body()).as(request).isEqualTo("hi");
                KubernetesAgent.Call call = proxy.agent.next();
                assertThat(call.headerValue("Content-Length")).isIn("2", "");
                assertThat(call.headerValue("Transfer-Encoding")).isEmpty();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"chunked", "gzip", "chunked, gzip"})
    @DisplayName("chapter 03 §2.3: HTTP/1.0 has no codings: a Transfer-Encoding says nothing, and the connection ends with the answer")
    void noCodings(String coding) throws Exception {
        try (RunningProxy proxy = setup().start(); RawPeer peer = proxy.peer()) {
            proxy.agent.atEnd(call -> call.answer(200, call.body().toStringUtf8(), "Content-Length", "2"));
            peer.send("POST / HTTP/1.0\r\n" + TOKEN + "Connection: keep-alive\r\nTransfer-Encoding: " + coding
                    + "\r\nContent-Length: 2\r\n\r\nhi" + SECOND);
            Answer answer = RunningProxy.answer(peer, false);
            assertThat(answer.body()).isEqualTo("hi");
            assertThat(answer.header("Connection")).isEqualTo("close");
            KubernetesAgent.Call call = proxy.agent.next();
            assertThat(call.header().getContentLength()).isEqualTo(2);
            assertThat(call.headerValue("Transfer-Encoding")).isEmpty();
            assertThat(peer.readText(1)).as("more than one answer").isEmpty();
            assertThat(proxy.agent.waiting()).isZero();
        }
    }

    @Test
    @DisplayName("chapter 03 §2.1, §5: CONNECT with a path is a method like others")
    void connectWithPath() throws Exception {
        try (RunningProxy proxy = setup().start()) {
            proxy.agent.atEnd(call -> call.answer(200, "x"));
            assertThat(proxy.ask("CONNECT /api?a=b HTTP/1.1\r\n" + TOKEN + "\r\n").body()).isEqualTo("x");
            KubernetesAgent.Call call = proxy.agent.next();
            assertThat(call.header().getRequest().getMethod()).isEqualTo("CONNECT");
            assertThat(call.header().getRequest().getUrlPath()).isEqualTo("/api");
        }
    }

    @Test
    @DisplayName("chapter 03 §2.2: a body of unknown length that came whole is dropped, and the connection stays usable after a refusal")
    void refusedWithChunks() throws Exception {
        try (RunningProxy proxy = setup().start(); RawPeer peer = proxy.peer()) {
            proxy.agent.atEnd(call -> call.answer(200, "x"));
            peer.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n");
            Answer refused = RunningProxy.answer(peer, false);
            assertThat(refused.status()).isEqualTo(401);
            assertThat(refused.header("Connection")).isEmpty();
            peer.send("GET / HTTP/1.1\r\n" + TOKEN + "\r\n");
            assertThat(RunningProxy.answer(peer, false).body()).isEqualTo("x");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"xyz\r\n", "\r\n", "-1\r\n", "2\r\nhixx0\r\n\r\n", "2\nhi\r\n0\r\n\r\n", "FFFFFFFFFFFFFFFFF\r\n", "2 \r\nhi",
            "0\r\nbad trailer\r\n\r\n", "2;a\rb\r\nhi\r\n0\r\n\r\n"})
    @DisplayName("chapter 03 §2.3: malformed chunks end the request, the agent's call and the connection")
    void malformedChunks(String chunks) throws Exception {
        try (RunningProxy proxy = setup().start(); RawPeer peer = proxy.peer()) {
            peer.send(POST + "Transfer-Encoding: chunked\r\n\r\n" + chunks + SECOND);
            Answer answer = RunningProxy.answer(peer, false);
            assertThat(answer.head()).startsWith("HTTP/1.1 502 Bad Gateway\r\n");
            assertThat(answer.body()).contains("GitLab Agent Server: HTTP-\\u003egRPC: failed to read request body: malformed chunked encoding");
            assertThat(answer.header("Connection")).isEqualTo("close");
            assertThat(peer.readText(1)).isEmpty();
            if (proxy.agent.waiting() > 0) {
                KubernetesAgent.Call call = proxy.agent.next();
                org.awaitility.Awaitility.await().until(() -> call.cancelled.get() == 1);
                assertThat(call.halfClosed).hasValue(0);
            }
            assertThat(proxy.agent.waiting()).isZero();
        }
    }

    @Test
    @DisplayName("A client that sends requests and never reads answers is not answered without end")
    void pipeliningWithoutReading() throws Exception {
        try (RunningProxy proxy = setup().start(); RawPeer peer = RawPeer.slow(proxy.port(), false)) {
            byte[] requests = "GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(1000).getBytes(java.nio.charset.StandardCharsets.US_ASCII);
            java.util.concurrent.atomic.AtomicInteger sent = new java.util.concurrent.atomic.AtomicInteger();
            Thread sender = Thread.ofVirtual().start(() -> {
                try {
                    while (sent.get() < 4000) {
                        peer.send(requests);
                        sent.incrementAndGet();
                    }
                } catch (java.io.IOException e) {
                    // the test is over
                }
            });
            int before;
            do {
                before = sent.get();
            } while (sender.join(Duration.ofSeconds(1)) == false && sent.get() > before);
            assertThat(sent.get()).as("thousands of requests taken").isLessThan(4000);
            proxy.agent.atEnd(call -> call.answer(200, "x"));
            assertThat(proxy.get("/").status()).isEqualTo(200);
            assertThat(RunningProxy.answer(peer, false).status()).isEqualTo(401);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"Content-Length: 10\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
            "Transfer-Encoding: chunked\r\n\r\n3\r\na", "Content-Length: 10\r\n\r\n"})
    @DisplayName("§14.1: a body that ends too early: 502, and the end of the agent's call and of the connection")
    void shortBody(String body) throws Exception {
        try (RunningProxy proxy = setup().start(); RawPeer peer = proxy.peer()) {
            peer.send(POST + body);
            KubernetesAgent.Call call = proxy.agent.next();
            peer.halfClose();
            Answer answer = RunningProxy.answer(peer, false);
            assertThat(answer.status()).isEqualTo(502);
            assertThat(answer.header("Connection")).isEqualTo("close");
            assertThat(answer.body()).contains("failed to read request body: unexpected EOF\"");
            assertThat(peer.readText(1)).as("the end").isEmpty();
            await().until(() -> call.cancelled.get() == 1);
        }
    }
}
