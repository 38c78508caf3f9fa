package org.openkas.bench;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.openkas.testkit.FakeGitLab;
import org.openkas.testkit.FakeGitaly;
import org.openkas.testkit.GitLabAnswer;
import org.openkas.testkit.TestRepository;

/** A server under test with everything around it: the distribution, or a peer that reads the same file. */
final class Site implements AutoCloseable {
    static final String TOKEN = "glagent-bench-0123456789abcdef";
    private static final String PROJECT = "group/bench";
    private static final int TUNNELS = 40;
    private static final String ALLOWED = """
            {"allowed_agents":[{"id":1,"config_project":{"id":7},"configuration":{}}],"job":{"id":1},"pipeline":{"id":1},
            "project":{"id":7,"groups":[]},"user":{"id":1,"username":"bench"}}""";

    final FakeGitLab gitLab = FakeGitLab.release16();
    final FakeGitaly gitaly = FakeGitaly.onTcp();
    final TestRepository repository;
    final int agentPort;
    final int httpPort;
    final int kubernetesPort;
    final ProcessFigures figures;
    final Path log;
    final long startedMillis;
    private final Path directory;
    private final Process process;
    private final Optional<Process> redis;

    /** {@code peer}: the program to start in place of the distribution. */
    Site(Optional<String> peer, int agents) throws Exception {
        directory = Files.createTempDirectory("openkas-bench");
        repository = gitaly.repository(PROJECT, directory.resolve("repository"));
        repository.commit("main", Map.of(".gitlab/agents/bench/config.yaml", "ci_access: {projects: [{id: group/application}]}\n"));
        for (int i = 0; i < agents; i++) {
            gitLab.agent(token(i), agentInfo(i));
        }
        List<Integer> ports = freePorts(8);
        agentPort = ports.getFirst();
        kubernetesPort = ports.get(6);
        httpPort = ports.getLast();
        gitLab.always("/job/allowed_agents", request -> GitLabAnswer.json(200, ALLOWED));
        redis = peer.isEmpty() ? Optional.empty() : Optional.of(start(List.of(System.getenv().getOrDefault("REDIS_BIN", "redis-server"), "--port",
                ports.get(5).toString(), "--save", "", "--appendonly", "no"), directory.resolve("redis.log")));
        Path file = configuration(ports);
        log = directory.resolve("server.log");
        String program = peer.orElse(System.getProperty("openkas.distribution", "target/openkas") + "/bin/openkas");
        long before = System.nanoTime();
        process = start(List.of(program, "--configuration-file=" + file), log);
        figures = new ProcessFigures(process.pid());
        await(ports.get(1));
        startedMillis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - before);
    }

    /** The first agent, with tunnels enough for every scenario. */
    TunnelAgent tunnels(String transport) throws InterruptedException {
        TunnelAgent agent = new TunnelAgent(Agent.channel(transport, port(transport)), token(0), TUNNELS);
        Thread.sleep(1_000);
        return agent;
    }

    /** Where agents of this transport come in. */
    int port(String transport) {
        return transport.equals("http") ? httpPort : agentPort;
    }

    /** The token of the i-th agent; all are the same agent registration's pods where {@code agents} was 1. */
    static String token(int i) {
        return TOKEN + "-" + i;
    }

    private String agentInfo(int i) {
        return """
                {"project_id":7,"agent_id":%d,"agent_name":"bench","gitaly_info":{"address":"%s","token":"t"},"gitaly_repository":{
                "storage_name":"default","relative_path":"%s.git","gl_repository":"project-7","gl_project_path":"%3$s"},
                "default_branch":"main"}""".formatted(i + 1, gitaly.address(), PROJECT);
    }

    private Path configuration(List<Integer> ports) throws IOException {
        Path secret = Files.writeString(directory.resolve("secret"), Base64.getEncoder().encodeToString(FakeGitLab.SECRET));
        return Files.writeString(directory.resolve("kas.yaml"), """
                gitlab: {address: "%s", authentication_secret_file: "%s", api_rate_limit: {refill_rate_per_second: 10000, bucket_size: 10000}}
                agent: {listen: {address: "127.0.0.1:%d", websocket: true, connections_per_token_per_minute: 100000000},
                  kubernetes_api: {listen: {address: "127.0.0.1:%d"}}}
                observability: {listen: {address: "127.0.0.1:%d"}}
                api: {listen: {address: "127.0.0.1:%d", authentication_secret_file: "%2$s"}}
                private_api: {listen: {address: "127.0.0.1:%d", authentication_secret_file: "%2$s"}}
                redis: {server: {address: "127.0.0.1:%d"}}
                gitaly: {global_api_rate_limit: {refill_rate_per_second: 10000, bucket_size: 10000},
                  per_server_api_rate_limit: {refill_rate_per_second: 10000, bucket_size: 10000}}
                """.formatted(gitLab.address(), secret, ports.get(0), ports.get(6), ports.get(1), ports.get(2), ports.get(3), ports.get(5)));
    }

    private Process start(List<String> command, Path output) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
        builder.environment().put("OPENKAS_HTTP_PORT", Integer.toString(httpPort));
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().put("TMPDIR", directory.toString());
        return builder.start();
    }

    /** Waits until readiness answers 200. */
    private void await(int port) throws Exception {
        long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (System.nanoTime() < limit && process.isAlive()) {
            try (Socket socket = new Socket("127.0.0.1", port)) {
                socket.getOutputStream().write("GET /readiness HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                if (new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).startsWith("HTTP/1.1 200")) {
                    return;
                }
            } catch (IOException e) {
                // not listening yet
            }
            Thread.sleep(20);
        }
        throw new IllegalStateException("the server did not start:\n" + Files.readString(log));
    }

    private static List<Integer> freePorts(int count) throws IOException {
        List<ServerSocket> sockets = new ArrayList<>();
        try {
            for (int i = 0; i < count; i++) {
                sockets.add(new ServerSocket(0));
            }
            return sockets.stream().map(ServerSocket::getLocalPort).toList();
        } finally {
            for (ServerSocket socket : sockets) {
                socket.close();
            }
        }
    }

    @Override
    public void close() throws Exception {
        process.destroy();
        if (!process.waitFor(120, TimeUnit.SECONDS)) {
            process.destroyForcibly();
        } else if (process.exitValue() != 0) {
            System.out.println("the server ended with status " + process.exitValue() + ":\n" + Files.readString(log));
        }
        redis.ifPresent(Process::destroy);
        gitLab.close();
        gitaly.close();
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
