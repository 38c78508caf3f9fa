package org.openkas.kubernetesapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.openkas.kubernetesapi.RunningProxy.ORIGIN;
import static org.openkas.kubernetesapi.RunningProxy.TOKEN;
import static org.openkas.kubernetesapi.RunningProxy.VIA;
import static org.openkas.kubernetesapi.RunningProxy.setup;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.openkas.common.LogLevel;
import org.openkas.kubernetesapi.RunningProxy.Answer;
import org.openkas.proto.grpctool.HttpRequest;
import org.openkas.proto.grpctool.HttpResponse;
import org.openkas.proto.prototool.Values;
import org.openkas.testkit.KubernetesAgent;
import org.openkas.testkit.RawPeer;

class KubernetesApiServerTest {

    @Test
    @DisplayName("KP-01: without credentials")
    void withoutCredentials() throws Exception {
        try (RunningProxy proxy = setup().start()) {
            Answer answer = proxy.ask("GET /version HTTP/1.1\r\nHost: x\r\n\r\n");
            assertThat(answer.status()).isEqualTo(401);
            assertThat(answer.header("Content-Type")).isEqualTo("application/json");
            assertThat(answer.header("Gitlab-Unauthorized")).isEqualTo("true");
            assertThat(answer.header("Server")).isEqualTo(RunningProxy.NAME);
            assertThat(answer.body())
                    .isEqualTo("{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\",\"message\":\""
                            + "GitLab Agent Server: Unauthorized: no valid credentials provided\",\"reason\":\"Unauthorized\",\"code\":401}\n");
            assertThat(proxy.agent.waiting()).isZero();
        }
    }

    @Test
    @DisplayName("KP-02: two Authorization lines")
    void twoAuthorizations() throws Exception {
        try (RunningProxy proxy = setup().start()) {
            assertThat(proxy.get("/", "Authorization: Bearer ci:1:t").body())
                    .contains("Authorization header: expecting a single header, got 2");
        }
    }

    @Test
    @DisplayName("KP-30, CO-14: the prefix is demanded, even without credentials, and removed")
    void prefix() throws Exception {
        try (RunningProxy proxy = setup().prefix("/k8s-proxy/").start()) {
            proxy.agent.atEnd(call -> call.answer(200, ""));
            assertThat(proxy.get("/k8s-proxy/api/v1?x=1").status()).isEqualTo(200);
            HttpRequest.Header header = proxy.agent.next().header();
            assertThat(header.getRequest().getUrlPath()).isEqualTo("/api/v1");
            assertThat(header.getRequest().getQueryMap()).isEqualTo(Map.of("x", Values.newBuilder().addValue("1").build()));
            for (String path : List.of("/k8s-proxy", "/K8s-proxy/api", "/api", "/k8s-proxyX/api")) {
                Answer answer = proxy.ask("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
                assertThat(answer.status()).isEqualTo(400);
                assertThat(answer.body())
                        .contains("GitLab Agent Server: Bad request: URL does not start with expected prefix\",\"reason\":\"BadRequest\"");
            }
            assertThat(proxy.log.lines("Bad request: URL does not start with expected prefix").getFirst().fields())
                    .containsEntry("url_path", "/k8s-proxy").containsEntry("url_path_prefix", "/k8s-proxy/")
                    .containsEntry("mod_name", "kubernetes_api");
        }
    }

    @Test
    @DisplayName("KP-31: browsers may ask first")
    void preflight() throws Exception {
        try (RunningProxy proxy = setup().start()) {
            Answer answer = proxy.ask("OPTIONS /anything HTTP/1.1\r\nHost: x\r\nOrigin: " + ORIGIN
                    + "\r\nAccess-Control-Request-Headers: Content-Type, X-Csrf-Token\r\n\r\n");
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.body()).isEmpty();
            assertThat(answer.header("Access-Control-Allow-Origin")).isEqualTo(ORIGIN);
            assertThat(answer.header("Access-Control-Allow-Credentials")).isEqualTo("true");
            assertThat(answer.header("Vary")).isEqualTo("Origin");
            assertThat(answer.header("Access-Control-Allow-Headers")).isEqualTo("Content-Type, X-Csrf-Token");
            assertThat(answer.header("Access-Control-Allow-Methods"))
                    .isEqualTo("GET, HEAD, POST, PUT, DELETE, CONNECT, OPTIONS, TRACE, PATCH");
            assertThat(answer.header("Access-Control-Max-Age")).isEqualTo("86400");
            assertThat(answer.header("Server")).isEqualTo(RunningProxy.NAME);
            Answer plain = proxy.ask("OPTIONS / HTTP/1.1\r\nHost: x\r\n\r\n");
            assertThat(plain.status()).isEqualTo(200);
            assertThat(plain.header("Access-Control-Max-Age")).isEqualTo("86400");
            assertThat(plain.header("Access-Control-Allow-Origin")).isEmpty();
            Answer server = proxy.ask("OPTIONS * HTTP/1.1\r\nHost: x\r\nOrigin: https://evil.example\r\n\r\n");
            assertThat(server.status()).isEqualTo(200);
            assertThat(server.header("Access-Control-Max-Age") + server.header("Server")).isEmpty();
            assertThat(proxy.ask("OPTIONS http://x HTTP/1.1\r\nHost: x\r\n\r\n").header("Access-Control-Max-Age"))
                    .as("no path is not the server").isEqualTo("86400");
            assertThat(proxy.agent.waiting()).isZero();
        }
    }

    @ParameterizedTest
    @DisplayName("KP-32: pages of other origins are turned away")
    @CsvSource({"GET,https://evil.example", "OPTIONS,https://gitlab.example/", "GET,https://GitLab.example"})
    void otherOrigins(String method, String origin) throws Exception {
        try (RunningProxy proxy = setup().start(); RunningProxy none = setup().noOrigin().start()) {
            String request = method + " / HTTP/1.1\r\nHost: x\r\nOrigin: ";
            for (Answer answer : List.of(proxy.ask(request + origin + "\r\n\r\n"), none.ask(request + ORIGIN + "\r\n\r\n"))) {
                assertThat(answer.status()).isEqualTo(403);
                assertThat(answer.header("Content-Length")).isEqualTo("0");
                assertThat(answer.header("Server")).isEmpty();
                assertThat(answer.header("Access-Control-Allow-Origin")).isEmpty();
            }
            assertThat(proxy.log.lines("Received Origin \"" + origin + "\" is not in configured allowed origins")).hasSize(1);
        }
    }

    @Test
    @DisplayName("KP-33: the allowed origin's headers are the server's own")
    void allowedOrigin() throws Exception {
        try (RunningProxy proxy = setup().start()) {
            proxy.agent.atEnd(
                    call -> call.answer(200, "x", "Access-Control-Max-Age", "42", "Access-Control-Allow-Origin", "*", "Vary", "Accept"));
            Answer answer = proxy.get("/", "Origin: " + ORIGIN);
            assertThat(answer.header("Access-Control-Allow-Origin")).isEqualTo(ORIGIN);
            assertThat(answer.header("Access-Control-Allow-Credentials")).isEqualTo("true");
            assertThat(answer.header("Access-Control-Max-Age")).isEmpty();
            assertThat(answer.header("Vary")).isEqualTo("Origin|Accept");
            Answer error = proxy.ask("GET / HTTP/1.1\r\nHost: x\r\nOrigin: " + ORIGIN + "\r\n\r\n");
            assertThat(error.status()).isEqualTo(401);
            assertThat(error.header("Access-Control-Allow-Origin")).isEqualTo(ORIGIN);
        }
    }

    @Test
    @DisplayName("KP-34, KP-05 half: what a POST looks like to the agent; credentials never reach it")
    void post() throws Exception {
        try (RunningProxy proxy = setup().start()) {
            proxy.agent.atEnd(call -> call.answer(201, "made", "Content-Length", "4"));
            Answer answer = proxy.ask("POST /api HTTP/1.1\r\n" + TOKEN + "Req-Header: x1\r\nreq-header: x2\r\nContent-Length: 5\r\n"
                    + "accept-encoding: gzip\r\nCookie: a=b; _gitlab_kas=s\r\nGitlab-Agent-Id: 1\r\nx-csrf-token: t\r\nVia: 1.1 front\r\nOrigin: "
                    + ORIGIN + "\r\n\r\nhello");
            assertThat(answer.status()).isEqualTo(201);
            assertThat(answer.body()).isEqualTo("made");
            KubernetesAgent.Call call = proxy.agent.next();
            assertThat(call.header().getRequest().getMethod()).isEqualTo("POST");
            assertThat(call.header().getContentLength()).isEqualTo(5);
            assertThat(call.header().hasExtra()).isFalse();
            assertThat(call.header().getRequest().getHeaderMap().keySet()).containsExactlyInAnyOrder("Req-Header", "Content-Length",
                    "Accept-Encoding", "Via", "Origin");
            assertThat(call.headerValue("Req-Header")).isEqualTo("x1|x2");
            assertThat(call.headerValue("Via")).isEqualTo("1.1 front|" + VIA);
            assertThat(call.body().toStringUtf8()).isEqualTo("hello");
            assertThat(call.messages.getLast().hasTrailer()).isTrue();
            assertThat(call.halfClosed).hasValue(1);
        }
    }

    @Test
    @DisplayName("KP-35: what concerns the client's connection stays there")
    void hopByHop() throws Exception {
        try (RunningProxy proxy = setup().start()) {
            proxy.agent.atEnd(call -> call.answer(200, ""));
            proxy.get("/", "Connection: close, X-Foo", "X-Foo: 1", "Te: trailers", "Keep-Alive: 5", "Proxy-Authorization: x");
            assertThat(proxy.agent.next().header().getRequest().getHeaderMap().keySet()).containsExactly("Via");
        }
    }

    @Test
    @DisplayName("KP-36: bodies of unknown length, and none")
    void lengths() throws Exception {
        try (RunningProxy proxy = setup().start()) {
            proxy.agent.atEnd(call -> call.answer(200, ""));
            proxy.ask("POST / HTTP/1.1\r\n" + TOKEN + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
            KubernetesAgent.Call chunked = proxy.agent.next();
            assertThat(chunked.header().getContentLength()).isEqualTo(-1);
            assertThat(chunked.body().toStringUtf8()).isEqualTo("abc");
            proxy.get("/");
            KubernetesAgent.Call none = proxy.agent.next();
            assertThat(none.header().hasContentLength()).isTrue();
            assertThat(none.header().getContentLength()).isZero();
            assertThat(none.messages).noneMatch(HttpRequest::hasData);
        }
    }

    @Test
    @DisplayName("KP-37: a large body comes in small messages")
    void largeBody() throws Exception {
        try (RunningProxy proxy = setup().start(); RawPeer peer = proxy.peer()) {
            proxy.agent.atEnd(call -> call.answer(200, ""));
            byte[] body = new byte[10 << 20];
            new java.util.Random(1).nextBytes(body);
            peer.send("POST / HTTP/1.1\r\n" + TOKEN + "Content-Length: " + body.length + "\r\n\r\n");
            peer.send(body);
            assertThat(RunningProxy.answer(peer, false).status()).isEqualTo(200);
            KubernetesAgent.Call call = proxy.agent.next();
            assertThat(call.body()).isEqualTo(ByteString.copyFrom(body));
            assertThat(call.messages).filteredOn(HttpRequest::hasData)
                    .allSatisfy(message -> assertThat(message.getData().getData().size()).isBetween(1, 32768));
        }
    }

    @Test
    @DisplayName("KP-38: paths are decoded and left as they are, queries parsed")
    void targets() throws Exception {
        try (RunningProxy proxy = setup().start()) {
            proxy.agent.atEnd(call -> call.answer(200, ""));
            proxy.get("/api/v1/a%2Fb/%20c");
            assertThat(proxy.agent.next().header().getRequest().getUrlPath()).isEqualTo("/api/v1/a/b/ c");
            proxy.get("/api/../x//y?b=2&a=1&a=0&watch&c=%zz&d=1;e=2&gitlab-agent-id=9&gitlab-csrf-token=t");
            var request = proxy.agent.next().header().getRequest();
            assertThat(request.getUrlPath()).isEqualTo("/api/../x//y");
            assertThat(request.getQueryMap().keySet()).containsExactlyInAnyOrder("a", "b", "watch");
            assertThat(request.getQueryOrThrow("a").getValueList()).containsExactly("1", "0");
            assertThat(request.getQueryOrThrow("watch").getValueList()).containsExactly("");
            proxy.get("http://elsewhere/api?x=1");
            assertThat(proxy.agent.next().header().getRequest().getUrlPath()).isEqualTo("/api");
        }
    }

    @Test
    @DisplayName("KP-39: headers of answers")
    void responseHeaders() throws Exception {
        try (RunningProxy proxy = setup().extra("X-Up").start()) {
            proxy.agent.atEnd(
                    call -> call.answer(200, "x", "Connection", "X-Up", "X-Up", "1", "Transfer-Encoding", "chunked", "Server", "up", "Via",
                            "2.0 gitlab-agent/v/c"));
            Answer answer = proxy.get("/");
            assertThat(answer.header("Server")).isEqualTo("up");
            assertThat(answer.header("Via")).isEqualTo("2.0 gitlab-agent/v/c|" + VIA);
            assertThat(answer.header("X-Up")).isEmpty();
            assertThat(answer.header("Connection")).isEmpty();
        }
    }

    @Test
    @DisplayName("KP-40, KP-41: each chunk reaches the client at once, however long it took; a quiet watch stays open")
    void streaming() throws Exception {
        try (RunningProxy proxy = setup().start(); RawPeer peer = proxy.peer()) {
            peer.send("GET /watch HTTP/1.1\r\n" + TOKEN + "\r\n");
            KubernetesAgent.Call call = proxy.agent.next();
            call.head(200, "Content-Type", "application/json");
            assertThat(peer.readHead()).startsWith("HTTP/1.1 200 OK\r\n").contains("Transfer-Encoding: chunked");
            for (int i = 0; i < 3; i++) {
                proxy.timers.advance(Duration.ofMinutes(10));
                call.data("event " + i);
                assertThat(RunningProxy.chunk(peer)).isEqualTo("event " + i);
            }
            call.trailer().complete();
            assertThat(RunningProxy.chunk(peer)).isEmpty();
        }
    }

    @Test
    @DisplayName("KP-42: framing of answers")
    void framing() throws Exception {
        try (RunningProxy proxy = setup().start()) {
            proxy.agent.atEnd(call -> call.answer(200, "", "Content-Length", "17"));
            Answer head = proxy.ask("HEAD / HTTP/1.1\r\n" + TOKEN + "\r\n");
            assertThat(head.header("Content-Length")).isEqualTo("17");
            proxy.agent.atEnd(call -> call.answer(204, ""));
            assertThat(proxy.get("/").header("Content-Length")).isEmpty();
            proxy.agent.atEnd(call -> call.answer(304, "", "Content-Length", "3", "Etag", "e"));
            Answer unchanged = proxy.get("/");
            assertThat(unchanged.header("Etag")).isEqualTo("e");
            assertThat(unchanged.header("Content-Length") + unchanged.header("Transfer-Encoding")).isEmpty();
            proxy.agent.atEnd(call -> call.answer(302, "", "Location", "/there", "Content-Length", "0"));
            assertThat(proxy.get("/").header("Location")).isEqualTo("/there");
            proxy.agent.atEnd(call -> call.answer(200, "to the end"));
            try (RawPeer old = proxy.peer()) {
                old.send("GET / HTTP/1.0\r\n" + TOKEN + "\r\n");
                assertThat(old.readHead()).startsWith("HTTP/1.0 200 OK").doesNotContain("Transfer-Encoding");
                assertThat(old.readText(1000)).isEqualTo("to the end");
            }
        }
    }

    @ParameterizedTest
    @DisplayName("chapter 03 §11.4: the standard phrase of a status, whatever the agent calls it")
    @CsvSource({"208,Already Reported", "226,IM Used", "414,Request URI Too Long", "418,I'm a teapot", "425,Too Early",
            "429,Too Many Requests", "451,Unavailable For Legal Reasons", "508,Loop Detected", "299,status code 299",
            "600,status code 600"})
    void phrases(int status, String phrase) throws Exception {
        try (RunningProxy proxy = setup().start()) {
            proxy.agent.atEnd(call -> call.answer(status, "", "Content-Length", "0"));
            assertThat(proxy.get("/").head()).startsWith("HTTP/1.1 " + status + " " + phrase + "\r\n");
        }
    }

    @Test
    @DisplayName("chapter 03 §12.3: a client of HTTP/1.0 keeps its connection if it asks for that and sees where answers end")
    void oldKeepAlive() throws Exception {
        try (RunningProxy proxy = setup().start(); RawPeer old = proxy.peer()) {
            String kept = "Connection: Keep-Alive\r\n";
            proxy.agent.atEnd(call -> call.answer(200, "x", "Content-Length", "1"));
            old.send("GET / HTTP/1.0\r\n" + TOKEN + kept + "\r\n");
            assertThat(old.readHead()).startsWith("HTTP/1.0 200 OK").contains("Connection: keep-alive\r\n");
            assertThat(old.readText(1)).isEqualTo("x");
            old.send("GET / HTTP/1.0\r\n" + kept + "\r\n");
            Answer refused = RunningProxy.answer(old, false);
            assertThat(refused.status()).isEqualTo(401);
            assertThat(refused.header("Connection")).isEqualTo("keep-alive");
            proxy.agent.atEnd(call -> call.answer(200, "to the end"));
            old.send("GET / HTTP/1.0\r\n" + TOKEN + kept + "\r\n");
            assertThat(old.readHead()).contains("Connection: close\r\n");
            assertThat(old.readText(1000)).isEqualTo("to the end");
        }
        try (RunningProxy proxy = setup().start(); RawPeer old = proxy.peer()) {
            proxy.agent.atEnd(call -> call.answer(200, "x", "Content-Length", "1"));
            old.send("GET / HTTP/1.0\r\n" + TOKEN + "\r\n");
            assertThat(old.readHead()).contains("Connection: close\r\n");
            assertThat(old.readText(1000)).isEqualTo("x");
        }
    }

    @Test
    @DisplayName("KP-43: a 401 of the cluster passes, without the server's mark")
    void unauthorizedByCluster() throws Exception {
        try (RunningProxy proxy = setup().start()) {
            proxy.agent.atEnd(call -> call.answer(401, "no", "Content-Length", "2", "Www-Authenticate", "Bearer"));
            Answer answer = proxy.get("/");
            assertThat(answer.status()).isEqualTo(401);
            assertThat(answer.header("Gitlab-Unauthorized")).isEmpty();
            assertThat(answer.header("Www-Authenticate")).isEqualTo("Bearer");
        }
    }

    @ParameterizedTest
    @DisplayName("KP-44, KP-45: what the agent or the way to it reports comes as 502")
    @CsvSource({"DEADLINE_EXCEEDED,DeadlineExceeded,Agent connection not found. Is agent up to date and connected?",
            "UNAVAILABLE,Unavailable,boom"})
    void failsBeforeHeader(Status.Code code, String name, String text) throws Exception {
        try (RunningProxy proxy = setup().start()) {
            proxy.agent.atEnd(call -> call.fail(code.toStatus().withDescription(text)));
            Answer answer = proxy.get("/");
            assertThat(answer.status()).isEqualTo(502);
            assertThat(answer.body())
                    .contains("\"message\":\"GitLab Agent Server: HTTP-\\u003egRPC: failed to read gRPC response: rpc error: code = "
                            + name + " desc = " + text + "\",\"code\":502}");
            assertThat(proxy.log.lines("HTTP->gRPC: failed to read gRPC response").getFirst().level()).isEqualTo(LogLevel.DEBUG);
        }
    }

    @ParameterizedTest
    @DisplayName("KP-46: what fails later ends the connection without a final chunk")
    @ValueSource(strings = {"after header", "after data", "no trailer", "after trailer"})
    void failsAfterHeader(String when) throws Exception {
        try (RunningProxy proxy = setup().start(); RawPeer peer = proxy.peer()) {
            proxy.agent.atEnd(call -> {
                call.head(200);
                if (!when.equals("after header")) {
                    call.data("abc");
                }
                if (when.equals("after trailer")) {
                    call.trailer();
                }
                if (when.equals("no trailer")) {
                    call.complete();
                } else {
                    call.fail(Status.UNAVAILABLE);
                }
            });
            peer.send("GET / HTTP/1.1\r\n" + TOKEN + "\r\n");
            peer.readHead();
            assertThat(peer.readText(1000)).isEqualTo(when.equals("after header") ? "" : "3\r\nabc\r\n");
        }
    }

    @Test
    @DisplayName("KP-47: messages out of order")
    void outOfOrder() throws Exception {
        try (RunningProxy proxy = setup().start(); RawPeer peer = proxy.peer()) {
            proxy.agent.atEnd(call -> call.data("x"));
            assertThat(proxy.get("/").body()).contains("transition from -2 to 2 is not allowed. Allowed: [1]");
            assertThat(proxy.agent.next().cancelled).hasValue(1);
            proxy.agent.atEnd(KubernetesAgent.Call::complete);
            assertThat(proxy.get("/").body())
                    .contains("code = InvalidArgument desc = transition from -2 to -1 is not allowed. Allowed: [1]");
            proxy.agent.atEnd(call -> call.send(HttpResponse.getDefaultInstance()));
            assertThat(proxy.get("/").body()).contains("invalid server response: invalid HttpResponse.Message: value is required");
            proxy.agent.atEnd(call -> call.head(200).trailer().upgradeData(ByteString.copyFromUtf8("x")));
            peer.send("GET / HTTP/1.1\r\n" + TOKEN + "\r\n");
            peer.readHead();
            assertThat(peer.readText(100)).isEmpty();
        }
    }

    @Test
    @DisplayName("KP-48: a client that goes away ends the agent's call at once")
    void clientGoesAway() throws Exception {
        try (RunningProxy proxy = setup().start()) {
            RawPeer peer = proxy.peer();
            peer.send("GET /watch HTTP/1.1\r\n" + TOKEN + "\r\n");
            KubernetesAgent.Call call = proxy.agent.next();
            call.head(200);
            peer.readHead();
            peer.close();
            await().atMost(Duration.ofSeconds(2)).until(() -> call.cancelled.get() == 1);
        }
    }

    @Test
    @DisplayName("KP-49: a client that does not read stops the agent, and goes on later")
    void slowReader() throws Exception {
        try (RunningProxy proxy = setup().start(); RawPeer peer = RawPeer.slow(proxy.port(), false)) {
            peer.send("GET /big HTTP/1.1\r\n" + TOKEN + "\r\n");
            KubernetesAgent.Call call = proxy.agent.next();
            call.head(200);
            HttpResponse part = HttpResponse.newBuilder()
                    .setData(HttpResponse.Data.newBuilder().setData(ByteString.copyFrom(new byte[32768]))).build();
            int sent = call.flood(part, 1000);
            assertThat(sent).as("messages taken from an agent whose client does not read").isLessThan(1000);
            proxy.timers.advance(Duration.ofMinutes(30));
            peer.readHead();
            for (int read = 0; read < sent; read++) {
                assertThat(RunningProxy.chunk(peer)).hasSize(32768);
            }
            await().until(call::ready);
            call.trailer().complete();
            assertThat(RunningProxy.chunk(peer)).isEmpty();
        }
    }

    @Test
    void connectionsAreUsedAgainAndPipelinedRequestsWait() throws Exception {
        try (RunningProxy proxy = setup().start(); RawPeer peer = proxy.peer()) {
            proxy.agent.atEnd(call -> call.answer(200, call.header().getRequest().getUrlPath()));
            peer.send(("GET /one HTTP/1.1\r\n" + TOKEN + "\r\n").repeat(2) + "GET /none HTTP/1.1\r\nHost: x\r\n\r\n"
                    + "GET /two HTTP/1.1\r\n" + TOKEN
                    + "\r\n");
            assertThat(RunningProxy.answer(peer, false).body()).isEqualTo("/one");
            assertThat(RunningProxy.answer(peer, false).body()).isEqualTo("/one");
            assertThat(RunningProxy.answer(peer, false).status()).isEqualTo(401);
            assertThat(RunningProxy.answer(peer, false).body()).isEqualTo("/two");
        }
    }

    @Test
    @DisplayName("chapter 03 §2.2: a header that does not come, and a connection that idles")
    void timeouts() throws Exception {
        try (RunningProxy proxy = setup().start(); RawPeer silent = proxy.peer(); RawPeer idle = proxy.peer()) {
            proxy.agent.atEnd(call -> call.answer(200, "x"));
            silent.send("GET / HTT");
            idle.send("GET / HTTP/1.1\r\n" + TOKEN + "\r\n");
            RunningProxy.answer(idle, false);
            await().until(() -> proxy.timers.pending() == 2);
            proxy.timers.advance(Duration.ofSeconds(10));
            assertThat(silent.awaitClose(5000)).isTrue();
            proxy.timers.advance(Duration.ofSeconds(49));
            idle.patience(100);
            assertThat(idle.awaitClose(100)).isFalse();
            proxy.timers.advance(Duration.ofSeconds(1));
            assertThat(idle.awaitClose(5000)).isTrue();
        }
    }

    @ParameterizedTest
    @DisplayName("chapter 03 §2.3: ambiguous and malformed requests")
    @CsvSource(delimiter = '|', value = {"GET / HTTP/1.1\\r\\n\\r\\n | 400", "GET / HTTP/1.1\\r\\nHost: a\\r\\nHost: b\\r\\n\\r\\n | 400",
            "GET / HTTP/1.1\\r\\nHost: a b\\r\\n\\r\\n | 400",
            "POST / HTTP/1.1\\r\\nHost: a\\r\\nContent-Length: 1\\r\\nContent-Length: 2\\r\\n\\r\\nab | 400",
            "POST / HTTP/1.1\\r\\nHost: a\\r\\nContent-Length: +1\\r\\n\\r\\na | 400",
            "POST / HTTP/1.1\\r\\nHost: a\\r\\nTransfer-Encoding: gzip, chunked\\r\\n\\r\\n | 501",
            "GET / HTTP/1.1\\r\\nHost : a\\r\\n\\r\\n | 400",
            "GET / HTTP/1.1\\r\\nHost: a\\r\\nExpect: foo\\r\\n\\r\\n | 417", "GET / HTTP/2.0\\r\\nHost: a\\r\\n\\r\\n | 505",
            "GET / HTTP/1.1\\r\\nHost: a\\r\\nno colon\\r\\n\\r\\n | 400", "GET /%zz HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n | 400"})
    void malformed(String request, int status) throws Exception {
        try (RunningProxy proxy = setup().start(); RawPeer peer = proxy.peer()) {
            peer.send(request.strip().replace("\\r\\n", "\r\n"));
            Answer answer = RunningProxy.answer(peer, false);
            assertThat(answer.status()).isEqualTo(status);
            assertThat(answer.header("Connection")).isEqualTo("close");
            proxy.timers.advance(Duration.ofSeconds(5));
            assertThat(peer.awaitClose(5000)).isTrue();
        }
    }

    @Test
    void tooLargeHeaders() throws Exception {
        try (RunningProxy proxy = setup().start(); RawPeer peer = proxy.peer()) {
            peer.send("GET / HTTP/1.1\r\nHost: a\r\nX: " + "x".repeat((1 << 20) + 8192) + "\r\n\r\n");
            assertThat(RunningProxy.answer(peer, false).status()).isEqualTo(431);
        }
    }

    @Test
    @DisplayName("chapter 03 §2.3: a client that holds its body back is asked for it once it may send it")
    void expectContinue() throws Exception {
        try (RunningProxy proxy = setup().start(); RawPeer peer = proxy.peer()) {
            proxy.agent.atEnd(call -> call.answer(200, call.body().toStringUtf8()));
            peer.send("POST / HTTP/1.1\r\n" + TOKEN + "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
            assertThat(peer.readHead()).startsWith("HTTP/1.1 100 ");
            peer.send("hi");
            assertThat(RunningProxy.answer(peer, false).body()).isEqualTo("hi");
            Answer refused = proxy.ask("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
            assertThat(refused.status()).isEqualTo(401);
            assertThat(refused.header("Connection")).isEqualTo("close");
        }
    }

    @Test
    @DisplayName("chapter 03 §13.4 row 4: an early failure is answered before the body is there")
    void earlyFailure() throws Exception {
        try (RunningProxy proxy = setup().start()) {
            proxy.agent.atHeader(call -> call.fail(Status.UNAVAILABLE.withDescription("boom")));
            Answer answer = proxy.ask("POST / HTTP/1.1\r\n" + TOKEN + "Content-Length: 1000000000\r\n\r\n");
            assertThat(answer.status()).isEqualTo(502);
            assertThat(answer.body()).contains("failed to send request data: rpc error: code = Unavailable desc = boom");
            assertThat(answer.header("Connection")).isEqualTo("close");
        }
    }

    @Test
    @DisplayName("chapter 03 §2.3: malformed chunks end the request and the agent's call")
    void malformedChunks() throws Exception {
        try (RunningProxy proxy = setup().start()) {
            Answer answer = proxy.ask("POST / HTTP/1.1\r\n" + TOKEN + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n");
            assertThat(answer.status()).isEqualTo(502);
            assertThat(answer.header("Connection")).isEqualTo("close");
        }
    }

    @Test
    @DisplayName("NR-032: what the list does not name stays away from clients, and the log says so once an hour")
    void blockedHeaders() throws Exception {
        try (RunningProxy proxy = setup().start()) {
            proxy.agent.atEnd(call -> call.answer(200, "body", "Set-Cookie", "a=b", "X-Custom", "1", "Content-Length", "4"));
            for (int i = 0; i < 2; i++) {
                Answer answer = proxy.get("/");
                assertThat(answer.header("Set-Cookie") + answer.header("X-Custom")).isEmpty();
                assertThat(answer.body()).isEqualTo("body");
            }
            assertThat(blocked(proxy)).containsExactlyInAnyOrder("Set-Cookie", "X-Custom");
            proxy.timers.advance(Duration.ofHours(1));
            proxy.get("/");
            assertThat(blocked(proxy)).hasSize(4);
        }
    }

    private static List<Object> blocked(RunningProxy proxy) {
        return proxy.log.lines().stream().filter(line -> line.message().startsWith("Blocked Kubernetes API proxy response header"))
                .map(line -> line.fields().get("header")).toList();
    }

    @Test
    @DisplayName("NR-033: more headers can be allowed, but not every one")
    void extraHeaders() throws Exception {
        try (RunningProxy proxy = setup().extra("X-Custom", "Set-Cookie").start()) {
            proxy.agent.atEnd(call -> call.answer(200, "", "Set-Cookie", "a=b", "X-Custom", "1"));
            Answer answer = proxy.get("/");
            assertThat(answer.header("X-Custom")).isEqualTo("1");
            assertThat(answer.header("Set-Cookie")).isEmpty();
            assertThat(proxy.log.lines()).anySatisfy(line -> {
                assertThat(line.level()).isEqualTo(LogLevel.WARN);
                assertThat(line.fields()).containsEntry("header", "set-cookie");
            });
        }
    }

    @Test
    void aClusterCannotSplitAnswers() throws Exception {
        try (RunningProxy proxy = setup().start()) {
            proxy.agent.atEnd(call -> call.answer(200, "", "Warning", "x\r\nSet-Cookie: a=b"));
            Answer answer = proxy.get("/");
            assertThat(answer.header("Set-Cookie")).isEmpty();
            assertThat(answer.header("Warning")).isEqualTo("x  Set-Cookie: a=b");
        }
    }
}
