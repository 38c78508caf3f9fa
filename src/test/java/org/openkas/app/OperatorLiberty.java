package org.openkas.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.openkas.testkit.RunningDistribution;

/** An Open Liberty with the WAR, set up as {@code docs/liberty.md} says; stopped by Liberty's own command. */
final class OperatorLiberty implements AutoCloseable {
    private static final Path SERVER = Path.of(System.getProperty("it.wlp", ""), "bin/server");

    private final HttpClient client = HttpClient.newHttpClient();
    private final Path directory;
    private final String configuration;
    private final int port;
    private final int httpsPort;
    private final Process process;

    private OperatorLiberty(Path directory, String configuration, String overrides) throws IOException {
        this.directory = directory;
        httpsPort = RunningDistribution.freePort();
        this.configuration = configuration;
        port = RunningDistribution.freePort();
        Path server = Files.createDirectories(directory.resolve("usr/servers/operator"));
        Files.writeString(server.resolve("server.xml"), documentedXml("docs/liberty.md"));
        if (!overrides.isEmpty()) {
            Files.writeString(Files.createDirectories(server.resolve("configDropins/overrides")).resolve("agents.xml"), overrides);
        }
        Files.copy(Path.of("liberty/jvm.options"), server.resolve("jvm.options"));
        Files.copy(Path.of("target/openkas.war"), Files.createDirectories(server.resolve("apps")).resolve("openkas.war"));
        process = command("run").redirectErrorStream(true).redirectOutput(directory.resolve("console").toFile()).start();
    }

    /** {@code configuration} is the path of the configuration file. */
    static OperatorLiberty start(Path directory, String configuration) throws IOException {
        return new OperatorLiberty(directory, configuration, "");
    }

    /** With HTTPS, as {@code docs/agents-on-liberty.md} shows it. */
    static OperatorLiberty secure(Path directory, String configuration) throws IOException {
        return new OperatorLiberty(directory, configuration, documentedXml("docs/agents-on-liberty.md"));
    }

    private ProcessBuilder command(String action, String... options) {
        List<String> command = new ArrayList<>(List.of(SERVER.toString(), action, "operator"));
        command.addAll(List.of(options));
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().put("OPENKAS_CONFIGURATION_FILE", configuration);
        builder.environment().put("WLP_USER_DIR", directory.resolve("usr").toString());
        builder.environment().put("OPENKAS_HTTP_PORT", Integer.toString(port));
        builder.environment().put("AGENTS_HTTPS_PORT", Integer.toString(httpsPort));
        builder.environment().put("AGENTS_KEYSTORE_PASSWORD", "changeit");
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        return builder;
    }

    private static String documentedXml(String document) throws IOException {
        String text = Files.readString(Path.of(document));
        int begin = text.indexOf("```xml\n") + "```xml\n".length();
        return text.substring(begin, text.indexOf("```", begin));
    }

    int port() {
        return port;
    }

    int httpsPort() {
        return httpsPort;
    }

    /** The lines of a file in the server's directory of logs. */
    List<String> log(String name) throws IOException {
        return Files.readAllLines(directory.resolve("usr/servers/operator/logs").resolve(name));
    }

    HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return client.send(HttpRequest.newBuilder(URI.create("http://localhost:" + port + path)).build(),
                HttpResponse.BodyHandlers.ofString());
    }

    /** Waits until the application is ready. */
    void awaitReady() {
        await().atMost(Duration.ofSeconds(90)).ignoreExceptions()
                .untilAsserted(() -> assertThat(get("/health/ready").body()).contains("\"readiness\",\"status\":\"UP\""));
    }

    String console() throws IOException {
        return Files.readString(directory.resolve("console"));
    }

    /** The names of the JVM's platform threads, one a thread. */
    List<String> threads() throws IOException, InterruptedException {
        long jvm = Stream.concat(Stream.of(process.toHandle()), process.descendants())
                .filter(each -> each.info().command().orElse("").endsWith("java")).findFirst().orElseThrow().pid();
        Process jcmd = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin/jcmd").toString(), Long.toString(jvm), "Thread.print")
                .redirectErrorStream(true).start();
        try (BufferedReader lines = jcmd.inputReader()) {
            List<String> names = lines.lines().filter(line -> line.startsWith("\""))
                    .map(line -> line.substring(1, line.indexOf('"', 1))).toList();
            assertThat(jcmd.waitFor()).isZero();
            return names;
        }
    }

    boolean running() {
        return process.isAlive();
    }

    /** Makes Liberty think that the application's file has changed. */
    void redeploy() throws IOException {
        Files.setLastModifiedTime(directory.resolve("usr/servers/operator/apps/openkas.war"), FileTime.from(Instant.now()));
    }

    int stop() throws IOException, InterruptedException {
        assertThat(command("stop", "--timeout=60s").redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor()).isZero();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return process.exitValue();
    }

    @Override
    public void close() {
        client.close();
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly().onExit().join();
    }
}
