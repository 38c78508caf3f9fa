package org.openkas.bench;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.openkas.testkit.FakeGitLab;
import org.openkas.testkit.FakeGitaly;
import org.openkas.testkit.KubernetesApiClient;
import org.openkas.testkit.Surroundings;
import org.openkas.testkit.TunnelAgent;

/** A server under test with everything around it: the distribution, or a peer that reads the same file. */
final class Site implements AutoCloseable {
    private static final int TUNNELS = 40;

    final FakeGitLab gitLab;
    final FakeGitaly gitaly;
    final int agentPort;
    final int httpPort;
    final int kubernetesPort;
    final ProcessFigures figures;
    final Path log;
    final long startedMillis;
    private final Surroundings surroundings;
    private final Path directory;
    private final Process process;
    private final String program;

    /** {@code peer}: the program to start in place of the distribution. */
    Site(Optional<String> peer, int agents) throws Exception {
        directory = Files.createTempDirectory("openkas-bench");
        surroundings = new Surroundings(directory, agents);
        gitLab = surroundings.gitLab();
        gitaly = surroundings.gitaly();
        agentPort = surroundings.agentPort();
        kubernetesPort = surroundings.kubernetesPort();
        httpPort = surroundings.httpPort();
        log = directory.resolve("server.log");
        program = peer.orElse(System.getProperty("openkas.distribution", "target/openkas") + "/bin/openkas");
        long before = System.nanoTime();
        process = start(List.of(program, "--configuration-file=" + surroundings.file()), log);
        figures = new ProcessFigures(process.pid());
        await(surroundings.probesPort(), process);
        startedMillis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - before);
    }

    /** The first agent, as {@link #tunnels} has it or, with transport {@code agentk}, a stock one; ready for requests. */
    AutoCloseable agent(String transport) throws Exception {
        if (!transport.equals("agentk")) {
            return tunnels(transport);
        }
        StockAgent agent = new StockAgent(directory, agentPort, Surroundings.token(0));
        try (KubernetesApiClient client = new KubernetesApiClient(kubernetesPort, 0)) {
            client.small();
        }
        return agent;
    }

    /** The first agent, with tunnels enough for every scenario. */
    TunnelAgent tunnels(String transport) throws InterruptedException {
        TunnelAgent agent = surroundings.tunnels(transport, TUNNELS);
        Thread.sleep(1_000);
        return agent;
    }

    /** Starts a second server of the same cluster. */
    Neighbour neighbour() throws Exception {
        Process second = start(List.of(program, "--configuration-file=" + surroundings.neighbour()), directory.resolve("neighbour.log"));
        await(surroundings.neighbourProbesPort(), second);
        return new Neighbour(second, surroundings.neighbourAgentPort());
    }

    /** Where agents of this transport come in. */
    int port(String transport) {
        return surroundings.port(transport);
    }

    private Process start(List<String> command, Path output) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
        builder.environment().put("OPENKAS_HTTP_PORT", Integer.toString(httpPort));
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().put("TMPDIR", directory.toString());
        return builder.start();
    }

    /** Waits until readiness answers 200. */
    private void await(int port, Process server) throws Exception {
        long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (System.nanoTime() < limit && server.isAlive()) {
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

    @Override
    public void close() throws Exception {
        process.destroy();
        if (!process.waitFor(120, TimeUnit.SECONDS)) {
            process.destroyForcibly();
        } else if (process.exitValue() != 0) {
            System.out.println("the server ended with status " + process.exitValue() + ":\n" + Files.readString(log));
        }
        surroundings.close();
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
