package org.openkas.kubernetesapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.openkas.kubernetesapi.ProxyWithGitLab.JOBS;
import static org.openkas.kubernetesapi.ProxyWithGitLab.JOB_TOKEN;
import static org.openkas.kubernetesapi.ProxyWithGitLab.setup;
import static org.openkas.kubernetesapi.RunningProxy.ORIGIN;

import io.grpc.Status;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.openkas.kubernetesapi.RunningProxy.Answer;
import org.openkas.testkit.GitLabAnswer;

/** Pages of which origins may call from a browser, and in which order things are checked (chapter 03 §3, §4). */
class OriginsTest {
    private static final String GOOD = "Origin: " + ORIGIN;

    private ProxyWithGitLab proxy;

    @BeforeEach
    void start() throws Exception {
        proxy = setup().start();
    }

    @AfterEach
    void stop() {
        proxy.close();
    }

    private static void assertMarked(Answer answer) {
        assertThat(answer.header("Access-Control-Allow-Origin")).isEqualTo(ORIGIN);
        assertThat(answer.header("Access-Control-Allow-Credentials")).isEqualTo("true");
        assertThat(answer.header("Vary")).isEqualTo("Origin");
    }

    private void assertTurnedAway(Answer answer) {
        assertThat(answer.status()).isEqualTo(403);
        assertThat(answer.body()).isEmpty();
        assertThat(answer.header("Content-Length")).isEqualTo("0");
        for (String header : List.of("Server", "Vary", "Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Content-Type",
                "Access-Control-Allow-Methods")) {
            assertThat(answer.header(header)).as(header).isEmpty();
        }
        assertThat(proxy.asked()).isZero();
        assertThat(proxy.agent.waiting()).isZero();
    }

    @ParameterizedTest
    @DisplayName("KP-32: what only resembles the allowed origin, whatever is asked")
    @ValueSource(strings = {"https://gitlab.example/", "https://gitlab.example:443", "http://gitlab.example", "https://GITLAB.example",
            "https://gitlab.example.evil.example", "https://gitlab.exampl", "null", "https://gitlab.example https://evil.example", "*"})
    void resembling(String origin) throws Exception {
        assertTurnedAway(proxy.get("origin: " + origin, JOB_TOKEN));
        assertTurnedAway(proxy.browse("/api", "Origin: " + origin));
        assertTurnedAway(proxy.proxy.ask("OPTIONS /api HTTP/1.1\r\nHost: x\r\nORIGIN: " + origin + "\r\n\r\n"));
        assertTurnedAway(proxy.get("Origin: " + origin, "Connection: Upgrade", "Upgrade: websocket", JOB_TOKEN));
    }

    @Test
    @DisplayName("chapter 03 §4.1: the first of several origins counts, and an empty one is none")
    void severalOrigins() throws Exception {
        assertTurnedAway(proxy.get("Origin: https://evil.example", GOOD, JOB_TOKEN));
        assertThat(proxy.get(GOOD, "Origin: https://evil.example", JOB_TOKEN).status()).isEqualTo(200);
        Answer none = proxy.get("Origin:", JOB_TOKEN);
        assertThat(none.status()).isEqualTo(200);
        assertThat(none.header("Access-Control-Allow-Origin")).isEmpty();
    }

    @ParameterizedTest
    @DisplayName("KP-33: answers with errors say to the page's browser that the page may read them")
    @CsvSource({"401,''", "401,Authorization: Bearer ci:123:t401", "403,Authorization: Bearer ci:9:ok",
            "500,Authorization: Bearer ci:123:t400", "502,Authorization: Bearer ci:123:ok", "406,Accept: text/html"})
    void errors(int status, String line) throws Exception {
        proxy.gitLab.always(JOBS, request -> request.header("Job-Token").startsWith("t")
                ? GitLabAnswer.status(Integer.parseInt(request.header("Job-Token").substring(1)))
                : GitLabAnswer.json(200, ProxyWithGitLab.job(ProxyWithGitLab.agentAs(123, "{\"agent\":{}}"))));
        proxy.agent.atEnd(call -> call.fail(Status.UNAVAILABLE));
        Answer answer = line.isEmpty() ? proxy.get(GOOD) : proxy.get(GOOD, line);
        assertThat(answer.status()).isEqualTo(status);
        assertMarked(answer);
    }

    @Test
    @DisplayName("KP-31: a browser that asks first needs no credentials, no prefix, and gets its wishes back")
    void preflights() throws Exception {
        Answer answer = proxy.proxy.ask("OPTIONS /x HTTP/1.1\r\nHost: x\r\n" + GOOD
                + "\r\nAccess-Control-Request-Headers: a, \u00c3\u00bc\r\naccess-control-request-headers: c\r\nAccess-Control-Request-Method: BREW\r\n\r\n");
        assertThat(answer.status()).isEqualTo(200);
        assertMarked(answer);
        assertThat(answer.header("Access-Control-Allow-Headers")).as("the same bytes").isEqualTo("a, \u00c3\u00bc|c");
        assertThat(answer.header("Access-Control-Allow-Methods")).doesNotContain("BREW");
        assertThat(proxy.asked()).isZero();
    }

    @Test
    @DisplayName("chapter 03 §3: the origin is looked at first, then OPTIONS, then the prefix, then credentials")
    void order() throws Exception {
        try (RunningProxy prefixed = RunningProxy.setup().prefix("/k8s-proxy/").start()) {
            String bad = "Host: x\r\nAuthorization: nonsense\r\n";
            assertThat(prefixed.ask("GET /api HTTP/1.1\r\nOrigin: https://evil.example\r\n" + bad + "\r\n").status()).isEqualTo(403);
            assertThat(prefixed.ask("OPTIONS /api HTTP/1.1\r\nOrigin: https://evil.example\r\n" + bad + "\r\n").status()).isEqualTo(403);
            assertThat(prefixed.ask("OPTIONS /api HTTP/1.1\r\n" + bad + "\r\n").status()).isEqualTo(200);
            assertThat(prefixed.ask("GET /api HTTP/1.1\r\n" + bad + "\r\n").status()).isEqualTo(400);
            assertThat(prefixed.ask("GET /%6b8s-proxy/api HTTP/1.1\r\n" + bad + "\r\n").status()).isEqualTo(401);
        }
    }
}
