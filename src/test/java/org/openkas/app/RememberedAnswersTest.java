package org.openkas.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HexFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.openkas.testkit.FakeGitLab;
import org.openkas.testkit.GitLabAnswer;
import org.openkas.testkit.KubernetesAgent;
import org.openkas.testkit.RawPeer;
import org.openkas.testkit.RealRedis;
import org.openkas.testkit.RedisCommandsSeen;
import org.openkas.testkit.SimulatedAgent;
import org.openkas.testkit.SimulatedTunnels;

/** What a whole server remembers of GitLab's answers in a Redis that Go KAS write to as well. */
@Timeout(60)
class RememberedAnswersTest {
    private static final String JOBS = "/job/allowed_agents";
    private static final String NAME = "allowed_agents_errs:";
    /** As a Go KAS names what it remembers of the job token {@code jobtoken12}. */
    private static final byte[] KEY = ByteString.copyFromUtf8("gitlab-kas:" + NAME)
            .concat(ByteString.fromHex("06c0736abf7a269b56e8593afe975efaef2d1b4b8dccf7a571a7486011e3df87")).toByteArray();
    /** As a Go KAS writes that GitLab answered 403 to /api/v4/job/allowed_agents. */
    private static final byte[] FORBIDDEN = HexFormat.of().parseHex("0a33747970652e676f6f676c65617069732e636f6d2f6769746c61622e6167656e742e"
            + "6769746c61622e436c69656e744572726f72121f089303121a2f6170692f76342f6a6f622f616c6c6f7765645f6167656e7473");

    @TempDir
    Path directory;

    private final RealRedis redis = RealRedis.start();
    private final RealRedis.Client client = redis.client();
    private final FakeGitLab gitLab = FakeGitLab.release16();

    @AfterEach
    void stop() {
        gitLab.close();
        client.close();
        redis.close();
    }

    private RunningServer server(String agent, String kubernetesApi) throws Exception {
        return RunningServer.withGitLab(directory, gitLab,
                "agent: {listen: {address: '127.0.0.1:0', listen_grace_period: 0.01s}" + agent
                        + ", kubernetes_api: {listen: {address: '127.0.0.1:0', listen_grace_period: 0.01s}" + kubernetesApi + "}}",
                "127.0.0.1:0", "server: {address: \"" + redis.address() + "\"}");
    }

    private static String get(RunningServer running) throws Exception {
        try (RawPeer peer = RawPeer.plain(running.server.kubernetesApiListener().orElseThrow().port())) {
            peer.send("GET /api HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ci:42:jobtoken12\r\n\r\n");
            return peer.readHead().substring(9, 12) + " " + peer.readText(100_000);
        }
    }

    @Test
    @DisplayName("KP-27: an error that a Go KAS wrote is honoured, one that cannot be read is ignored and GitLab is asked")
    void errorsOfOthers() throws Exception {
        gitLab.always(JOBS, _ -> GitLabAnswer.status(404));
        try (RunningServer running = server("", "")) {
            client.commands().set(KEY, FORBIDDEN);
            assertThat(get(running)).startsWith("403 ")
                    .contains("Forbidden: CI job token: HTTP status code: 403 for path /api/v4/job/allowed_agents");
            assertThat(gitLab.requests(JOBS)).isEmpty();
            client.commands().set(KEY, "garbage".getBytes(StandardCharsets.US_ASCII));
            assertThat(get(running)).startsWith("404 ");
            assertThat(gitLab.requests(JOBS)).hasSize(1);
        }
    }

    @Test
    @DisplayName("KP-27: what this server remembers, a Go KAS can read, for ten seconds")
    void errorsForOthers() throws Exception {
        gitLab.always(JOBS, _ -> GitLabAnswer.status(403));
        try (RunningServer running = server("", "")) {
            assertThat(get(running)).startsWith("403 ");
            assertThat(client.commands().get(KEY)).isEqualTo(FORBIDDEN);
            assertThat(client.commands().pttl(KEY)).isBetween(1L, 10_000L);
        }
    }

    @Test
    @DisplayName("KP-28: with allowed_agent_cache_ttl 0s each request asks GitLab, and Redis is left alone")
    void withoutLifetime() throws Exception {
        gitLab.agent("token", 42, 7, "group/project");
        gitLab.always(JOBS, _ -> GitLabAnswer.json(200, """
                {"allowed_agents":[{"id":42,"config_project":{"id":5}}],"job":{"id":1},"pipeline":{"id":2},"project":{"id":3},
                "user":{"id":7,"username":"u"}}"""));
        KubernetesAgent cluster = new KubernetesAgent().atEnd(call -> call.answer(200, "", "Content-Length", "0"));
        try (RunningServer running = server("", ", allowed_agent_cache_ttl: 0s");
                SimulatedAgent pod = new SimulatedAgent(running.channel(), "token", "pod");
                SimulatedTunnels _ = pod.tunnels(2, cluster.bindService());
                RedisCommandsSeen seen = new RedisCommandsSeen(redis)) {
            // what somebody else remembers is no answer either
            client.commands().set(KEY, FORBIDDEN);
            for (int request = 1; request <= 3; request++) {
                assertThat(get(running)).startsWith("200 ");
                assertThat(gitLab.requests(JOBS)).hasSize(request);
            }
            gitLab.always(JOBS, _ -> GitLabAnswer.status(401));
            for (int request = 4; request <= 5; request++) {
                assertThat(get(running)).startsWith("401 ");
                assertThat(gitLab.requests(JOBS)).hasSize(request);
            }
            assertThat(seen.with(NAME)).singleElement().asString().contains("\"SET\"");
        }
    }

    @Test
    @DisplayName("GB-32: two RPCs of an agent within five minutes are one request to GitLab")
    void agentInfo() throws Exception {
        gitLab.agent("token", 42, 7, "group/project");
        try (RunningServer running = server("", "");
                SimulatedAgent pod = new SimulatedAgent(running.channel(), "token", "pod");
                RedisCommandsSeen seen = new RedisCommandsSeen(redis)) {
            pod.register(1);
            pod.register(1);
            assertThat(gitLab.requests(FakeGitLab.OLD_AGENT_INFO)).hasSize(1);
            assertThat(seen.with("agent_info_errs:")).isNotEmpty().allMatch(command -> command.contains("\"GET\""));
        }
    }

    @Test
    @DisplayName("GB-32: with agent.info_cache_ttl 0s they are two, and Redis sees no command for it")
    void agentInfoWithoutLifetime() throws Exception {
        gitLab.agent("token", 42, 7, "group/project");
        try (RunningServer running = server(", info_cache_ttl: 0s", "");
                SimulatedAgent pod = new SimulatedAgent(running.channel(), "token", "pod");
                RedisCommandsSeen seen = new RedisCommandsSeen(redis)) {
            pod.register(1);
            pod.register(1);
            assertThat(gitLab.requests(FakeGitLab.OLD_AGENT_INFO)).hasSize(2);
            assertThat(seen.with("agent_info_errs:")).isEmpty();
            assertThat(seen.with("conn_by_agent_id:")).as("what Redis sees of the registrations").isNotEmpty();
        }
    }
}
