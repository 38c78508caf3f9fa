package org.openkas.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/**
 * What a server under load has around it: doubles of GitLab and Gitaly, a project with an agent's configuration, and a file of
 * settings that names them and free ports of the loopback address, without limits that a load would meet and with a short end.
 * Any CI job may reach agent 1. Redis is a real one. Thread-safe.
 */
public final class Surroundings implements AutoCloseable {
    private static final String PROJECT = "group/load";
    private static final String ALLOWED = """
            {"allowed_agents":[{"id":1,"config_project":{"id":7},"configuration":{}}],"job":{"id":1},"pipeline":{"id":1},
            "project":{"id":7,"groups":[]},"user":{"id":1,"username":"load"}}""";

    private final FakeGitLab gitLab = FakeGitLab.release16();
    private final FakeGitaly gitaly = FakeGitaly.onTcp();
    private final List<Integer> ports = FreePorts.some(7);
    private final List<Integer> neighbourPorts = FreePorts.some(5);
    private final RealRedis redis;
    private final Path file;
    private final Path neighbour;

    /** Writes into {@code directory}; GitLab knows so many agents. */
    public Surroundings(Path directory, int agents) throws IOException {
        TestRepository repository = gitaly.repository(PROJECT, directory.resolve("repository"));
        repository.commit("main", Map.of(".gitlab/agents/load/config.yaml", "ci_access: {projects: [{id: group/application}]}\n"));
        for (int i = 0; i < agents; i++) {
            gitLab.agent(token(i), agentInfo(i));
        }
        gitLab.always("/job/allowed_agents", request -> GitLabAnswer.json(200, ALLOWED));
        redis = RealRedis.at(ports.get(5));
        file = settings(directory, "kas.yaml", ports);
        neighbour = settings(directory, "neighbour.yaml", neighbourPorts);
    }

    /** The token of the i-th agent, whose id is i + 1; several may use it, as an agent's pods do. */
    public static String token(int i) {
        return "glagent-load-0123456789abcdef-" + i;
    }

    private String agentInfo(int i) {
        return """
                {"project_id":7,"agent_id":%d,"agent_name":"load","gitaly_info":{"address":"%s","token":"t"},"gitaly_repository":{
                "storage_name":"default","relative_path":"%s.git","gl_repository":"project-7","gl_project_path":"%3$s"},
                "default_branch":"main"}""".formatted(i + 1, gitaly.address(), PROJECT);
    }

    /** Ports for agents, Kubernetes API requests, probes, GitLab, and other servers. */
    private Path settings(Path directory, String name, List<Integer> own) throws IOException {
        Path secret = Files.writeString(directory.resolve("secret"), Base64.getEncoder().encodeToString(FakeGitLab.SECRET));
        return Files.writeString(directory.resolve(name), """
                gitlab: {address: "%s", authentication_secret_file: "%s", api_rate_limit: {refill_rate_per_second: 10000,
                  bucket_size: 10000}}
                agent: {listen: {address: "127.0.0.1:%d", websocket: true, listen_grace_period: 0.1s,
                  connections_per_token_per_minute: 100000000},
                  kubernetes_api: {listen: {address: "127.0.0.1:%d", listen_grace_period: 0.1s}}}
                observability: {listen: {address: "127.0.0.1:%d"}}
                api: {listen: {address: "127.0.0.1:%d", listen_grace_period: 0.1s, authentication_secret_file: "%2$s"}}
                private_api: {listen: {address: "127.0.0.1:%d", authentication_secret_file: "%2$s"}}
                redis: {server: {address: "127.0.0.1:%d"}}
                gitaly: {global_api_rate_limit: {refill_rate_per_second: 10000, bucket_size: 10000},
                  per_server_api_rate_limit: {refill_rate_per_second: 10000, bucket_size: 10000}}
                """.formatted(gitLab.address(), secret, own.get(0), own.get(1), own.get(2), own.get(3), own.get(4), redis.port()));
    }

    /** The settings, for {@code --configuration-file}. */
    public Path file() {
        return file;
    }

    /** Settings of a second server of the same cluster. */
    public Path neighbour() {
        return neighbour;
    }

    /** Where the second server has agents. */
    public int neighbourAgentPort() {
        return neighbourPorts.get(0);
    }

    /** Where the second server has probes and metrics. */
    public int neighbourProbesPort() {
        return neighbourPorts.get(2);
    }

    /** The GitLab of these settings. */
    public FakeGitLab gitLab() {
        return gitLab;
    }

    /** The Gitaly of these settings. */
    public FakeGitaly gitaly() {
        return gitaly;
    }

    /** Where the settings have agents. */
    public int agentPort() {
        return ports.get(0);
    }

    /** Where the settings have Kubernetes API requests. */
    public int kubernetesPort() {
        return ports.get(1);
    }

    /** Where the settings have probes and metrics. */
    public int probesPort() {
        return ports.get(2);
    }

    /** A port for Open Liberty; the settings do not name it, {@code OPENKAS_HTTP_PORT} does. */
    public int httpPort() {
        return ports.get(6);
    }

    /** Where agents of a transport come in, see {@link ConfiguredAgent#channel}. */
    public int port(String transport) {
        return transport.equals("http") ? httpPort() : agentPort();
    }

    /** The first agent, with so many tunnels for Kubernetes API requests. */
    public TunnelAgent tunnels(String transport, int tunnels) {
        return new TunnelAgent(ConfiguredAgent.channel(transport, port(transport)), token(0), tunnels);
    }

    @Override
    public void close() {
        redis.close();
        gitLab.close();
        gitaly.close();
    }
}
