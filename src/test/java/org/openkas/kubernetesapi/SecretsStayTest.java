package org.openkas.kubernetesapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.openkas.kubernetesapi.ProxyWithGitLab.JOBS;
import static org.openkas.kubernetesapi.ProxyWithGitLab.USERS;
import static org.openkas.kubernetesapi.ProxyWithGitLab.agentAs;
import static org.openkas.kubernetesapi.ProxyWithGitLab.job;
import static org.openkas.kubernetesapi.ProxyWithGitLab.setup;
import static org.openkas.kubernetesapi.ProxyWithGitLab.user;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.openkas.kubernetesapi.RunningProxy.Answer;
import org.openkas.proto.prototool.Values;
import org.openkas.testkit.GitLabAnswer;
import org.openkas.testkit.InProcess;
import org.openkas.testkit.KubernetesAgent;

/**
 * What a client shows to GitLab never reaches a cluster, and what a client says about identities cannot be mistaken there
 * (chapter 03 §8.6, §10.1, §10.2). Header names are tried in spellings, orders and numbers chosen at random.
 */
class SecretsStayTest {
    private static final String SECRET = "s3cret";
    private static final List<String> IDENTITIES = List.of("Impersonate-User", "Impersonate-Group", "Impersonate-Uid",
            "Impersonate-Extra-Scopes", "Impersonate-Extra-Agent.gitlab.com%2fid");

    private final Random random = new Random(20261124);

    /** The same name with letters of other sizes. */
    private String respelled(String name) {
        StringBuilder spelling = new StringBuilder(name.length());
        name.chars().forEach(letter -> spelling.append(random.nextBoolean()
                ? String.valueOf((char) letter).toUpperCase(Locale.ROOT)
                : String.valueOf((char) letter).toLowerCase(Locale.ROOT)));
        return spelling.toString();
    }

    private static void shuffleIn(List<String> lines, List<String> more, Random random) {
        more.forEach(line -> lines.add(random.nextInt(lines.size() + 1), line));
    }

    private static String all(KubernetesAgent.Call call) {
        return call.messages.toString();
    }

    /** What a client may show, and which of the three kinds of credentials is the one that counts. */
    private List<String> lines(String kind) {
        List<String> lines = new ArrayList<>();
        switch (kind) {
            case "ci", "pat" -> lines.add(respelled("Authorization") + ": Bearer " + kind + ":123:" + SECRET);
            default -> {
                // what counts must be there once
                lines.add(respelled("Gitlab-Agent-Id") + ": 123");
                lines.add(respelled("X-Csrf-Token") + ": " + SECRET);
                lines.add(respelled("Cookie") + ": a=" + SECRET + "; _gitlab_kas=" + SECRET);
            }
        }
        if (!kind.equals("cookie")) {
            for (int i = random.nextInt(3); i > 0; i--) {
                shuffleIn(lines, List.of(respelled("Gitlab-Agent-Id") + ": " + SECRET, respelled("X-Csrf-Token") + ": " + SECRET), random);
            }
        }
        for (int i = random.nextInt(4); i > 0; i--) {
            shuffleIn(lines, List.of(respelled("Cookie") + ": _gitlab_session=" + SECRET + "; other=\"" + SECRET + "\""), random);
        }
        shuffleIn(lines, List.of(respelled("Proxy-Authorization") + ": Basic " + SECRET, "X-Kept: kept",
                respelled("Sec-WebSocket-Protocol") + ": v4.channel.k8s.io, websocket-token.kas.gitlab.com." + SECRET), random);
        return lines;
    }

    @RepeatedTest(20)
    @DisplayName("I5: no credential of a client reaches the agent, in whatever spelling, order and number its headers come")
    void credentials(RepetitionInfo repetition) throws Exception {
        random.setSeed(repetition.getCurrentRepetition());
        try (ProxyWithGitLab proxy = setup().start()) {
            for (String kind : List.of("ci", "pat", "cookie")) {
                List<String> lines = lines(kind);
                Answer answer = proxy.ask("/api?gitlab-csrf-token=" + SECRET + "&x=kept&gitlab-agent-id=" + SECRET + "&%67itlab-csrf-token="
                        + SECRET, lines.toArray(String[]::new));
                assertThat(answer.status()).as("with %s", lines).isEqualTo(200);
                KubernetesAgent.Call call = proxy.agent.next();
                assertThat(all(call)).as("with %s", lines).doesNotContain(SECRET).contains("kept");
                assertThat(call.header().getRequest().getHeaderMap().keySet()).containsExactlyInAnyOrder("Via", "X-Kept",
                        "Sec-Websocket-Protocol");
                assertThat(call.headerValue("Sec-Websocket-Protocol")).isEqualTo("v4.channel.k8s.io");
                assertThat(call.header().getRequest().getQueryMap().keySet()).containsExactly("x");
            }
            assertThat(proxy.log.lines().toString() + proxy.accessLog.lines()).doesNotContain(SECRET);
        }
    }

    @Test
    @DisplayName("I5: the same holds for upgrades and for bodies, and for a Connection header that names what counts")
    void otherRequests() throws Exception {
        try (ProxyWithGitLab proxy = setup().start()) {
            proxy.agent.atEnd(call -> call.answer(403, "no"));
            String token = "Host: x\r\nauthorization: Bearer ci:123:" + SECRET + "\r\ncookie: a=" + SECRET + "\r\n";
            assertThat(proxy.proxy.ask("POST / HTTP/1.1\r\n" + token + "Content-Length: 2\r\n\r\nhi").status()).isEqualTo(403);
            assertThat(all(proxy.agent.next())).doesNotContain(SECRET);
            assertThat(proxy.proxy
                    .ask("GET / HTTP/1.1\r\n" + token + "Connection: Upgrade, Authorization, Cookie\r\nUpgrade: SPDY/3.1\r\n\r\n")
                    .status()).isEqualTo(403);
            KubernetesAgent.Call upgrade = proxy.agent.next();
            assertThat(all(upgrade)).doesNotContain(SECRET);
            assertThat(upgrade.header().getRequest().getHeaderMap().keySet()).containsExactlyInAnyOrder("Via", "Upgrade", "Connection");
        }
    }

    @ParameterizedTest
    @DisplayName("I5, chapter 07 §8.2: a token in the list of WebSocket protocols is taken out of it")
    @MethodSource("protocols")
    void webSocketTokens(List<String> sent, String left) throws Exception {
        try (ProxyWithGitLab proxy = setup().start()) {
            List<String> lines = new ArrayList<>(List.of(ProxyWithGitLab.USER_TOKEN));
            sent.forEach(line -> lines.add("Sec-WebSocket-Protocol: " + line));
            assertThat(proxy.get(lines.toArray(String[]::new)).status()).isEqualTo(200);
            assertThat(proxy.agent.next().headerValue("Sec-Websocket-Protocol")).isEqualTo(left);
        }
    }

    static Stream<Arguments> protocols() {
        String token = "websocket-token.kas.gitlab.com.abc";
        return Stream.of(protocols("v5.channel.k8s.io, v4.channel.k8s.io", "v5.channel.k8s.io, v4.channel.k8s.io"), protocols("", token),
                protocols("a,b", "a, " + token + ",b"), protocols("a", token + ",a"), protocols("a|b", "a", token, "b," + token),
                protocols("a", "WebSocket-Token.KAS.gitlab.com.abc, a"));
    }

    private static Arguments protocols(String left, String... sent) {
        return Arguments.of(List.of(sent), left);
    }

    @RepeatedTest(10)
    @DisplayName("I2, KP-24: identities that a client names reach the agent by their canonical names only, beside the one that GitLab gave: it is the agent that refuses both together")
    void identities(RepetitionInfo repetition) throws Exception {
        random.setSeed(repetition.getCurrentRepetition());
        try (ProxyWithGitLab proxy = setup().start()) {
            proxy.gitLab.always(JOBS, request -> GitLabAnswer.json(200, job(agentAs(123, "{\"ci_job\":{}}"))));
            proxy.gitLab.always(USERS, request -> GitLabAnswer.json(201, user("\"user\":{}")));
            List<String> lines = new ArrayList<>();
            Map<String, Integer> sent = new TreeMap<>();
            for (int i = 0; i < 8; i++) {
                String name = IDENTITIES.get(random.nextInt(IDENTITIES.size()));
                sent.merge(HeaderLines.canonical(name), 1, Integer::sum);
                lines.add(respelled(name) + ": x");
            }
            for (String token : List.of(ProxyWithGitLab.JOB_TOKEN, ProxyWithGitLab.USER_TOKEN)) {
                List<String> request = new ArrayList<>(lines);
                shuffleIn(request, List.of(token), random);
                assertThat(proxy.get(request.toArray(String[]::new)).status()).isEqualTo(200);
                KubernetesAgent.Call call = proxy.agent.next();
                assertThat(call.header().hasExtra()).isTrue();
                Map<String, Values> headers = call.header().getRequest().getHeaderMap();
                assertThat(headers.keySet()).allMatch(name -> name.equals("Via") || name.startsWith("Impersonate-"));
                sent.forEach((name, count) -> assertThat(headers.get(name).getValueCount()).isEqualTo(count));
                assertThat(headers).hasSize(sent.size() + 1);
            }
        }
    }

    @ParameterizedTest
    @DisplayName("I2: names that only look like those of identities do not become them")
    @ValueSource(strings = {"Impersonate-User : x", "Impersonate-User\u00e9: x", "Impersonate\tUser: x", " Impersonate-User: x",
            "Impersonate-User\u0000: x"})
    void malformedNames(String line) throws Exception {
        try (ProxyWithGitLab proxy = setup().start()) {
            Answer answer = proxy.get(line, ProxyWithGitLab.JOB_TOKEN);
            assertThat(answer.status()).isEqualTo(400);
            assertThat(proxy.agent.waiting()).isZero();
        }
    }

    @Test
    @DisplayName("I2: a client cannot route: what it calls kas-hop-... is a header for the cluster, and no metadata of the call")
    void routing() throws Exception {
        List<Metadata> seen = new CopyOnWriteArrayList<>();
        KubernetesAgent agent = new KubernetesAgent();
        agent.atEnd(call -> call.answer(200, ""));
        ServerServiceDefinition noting = ServerInterceptors.intercept(agent, new ServerInterceptor() {
            @Override
            public <A, B> ServerCall.Listener<A> interceptCall(ServerCall<A, B> call, Metadata headers,
                    ServerCallHandler<A, B> next) {
                seen.add(headers);
                return next.startCall(call, headers);
            }
        });
        List<Long> routed = new CopyOnWriteArrayList<>();
        try (InProcess server = new InProcess(noting); RunningProxy proxy = RunningProxy.setup().agents(id -> {
            routed.add(id);
            return server.channel();
        }).start()) {
            proxy.get("/", "kas-hop-routing-agent-id: 9", "Kas-Hop-Routing-Agent-Id: 10", "Grpc-Metadata-Kas-Hop-Routing-Agent-Id: 9",
                    "Gitlab-Agent-Id: 9");
            assertThat(routed).containsExactly(123L);
            assertThat(seen.getFirst().keys())
                    .allMatch(name -> List.of("user-agent", "grpc-accept-encoding", "content-type").contains(name));
            assertThat(agent.next().headerValue("Kas-Hop-Routing-Agent-Id")).isEqualTo("9|10");
        }
    }
}
