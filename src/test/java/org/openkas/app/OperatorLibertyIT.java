package org.openkas.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openkas.testkit.RunningDistribution;

/** The WAR in a Liberty that an operator set up as {@code docs/liberty.md} says. */
class OperatorLibertyIT {
    private static final Path SERVER = Path.of(System.getProperty("it.wlp", ""), "bin/server");

    @TempDir
    Path directory;

    private final HttpClient client = HttpClient.newHttpClient();

    /** A running server; stopped by Liberty's own command. */
    private final class Operated implements AutoCloseable {
        private final int port = RunningDistribution.freePort();
        private final Map<String, String> environment;
        private final Process process;

        Operated(Map<String, String> settings) throws IOException {
            Path server = Files.createDirectories(directory.resolve("usr/servers/operator"));
            Files.writeString(server.resolve("server.xml"), documentedServerXml());
            Files.copy(Path.of("liberty/jvm.options"), server.resolve("jvm.options"));
            Files.copy(Path.of("target/openkas.war"), Files.createDirectories(server.resolve("apps")).resolve("openkas.war"));
            environment = new java.util.HashMap<>(settings);
            environment.put("WLP_USER_DIR", directory.resolve("usr").toString());
            environment.put("OPENKAS_HTTP_PORT", Integer.toString(port));
            environment.put("JAVA_HOME", System.getProperty("java.home"));
            process = command("run").redirectErrorStream(true).redirectOutput(directory.resolve("console").toFile()).start();
        }

        private ProcessBuilder command(String action, String... options) {
            List<String> command = new ArrayList<>(List.of(SERVER.toString(), action, "operator"));
            command.addAll(List.of(options));
            ProcessBuilder builder = new ProcessBuilder(command);
            builder.environment().putAll(environment);
            return builder;
        }

        HttpResponse<String> get(String path) throws IOException, InterruptedException {
            return client.send(HttpRequest.newBuilder(URI.create("http://localhost:" + port + path)).build(),
                    HttpResponse.BodyHandlers.ofString());
        }

        String console() throws IOException {
            return Files.readString(directory.resolve("console"));
        }

        int stop() throws IOException, InterruptedException {
            assertThat(command("stop", "--timeout=60s").redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor()).isZero();
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            return process.exitValue();
        }

        @Override
        public void close() {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly().onExit().join();
        }
    }

    private static String documentedServerXml() throws IOException {
        String text = Files.readString(Path.of("docs/liberty.md"));
        int begin = text.indexOf("```xml\n") + "```xml\n".length();
        return text.substring(begin, text.indexOf("```", begin));
    }

    @Test
    @DisplayName("The documented server.xml runs the WAR, and stopping Liberty drains it")
    void runsAndStops() throws Exception {
        Path file = RunningDistribution.standalone(directory, """
                agent: {listen: {address: "127.0.0.1:0", listen_grace_period: 0.5s}}
                observability: {listen: {address: "127.0.0.1:0"}}
                """);
        try (Operated server = new Operated(Map.of("OPENKAS_CONFIGURATION_FILE", file.toString()))) {
            await().atMost(Duration.ofSeconds(90)).ignoreExceptions()
                    .untilAsserted(() -> assertThat(server.get("/health/ready").body()).contains("\"readiness\",\"status\":\"UP\""));
            assertThat(server.console()).contains("\"msg\":\"Observability endpoint is up\"", "\"msg\":\"Agentk API endpoint is up\"");
            assertThat(server.stop()).isZero();
        }
    }

    @Test
    @DisplayName("A start that fails leaves the application server up, and health tells why")
    void failedStart() throws Exception {
        try (Operated server = new Operated(Map.of("OPENKAS_CONFIGURATION_FILE", "/no/such.yaml"))) {
            String text = "configuration file: open /no/such.yaml: no such file or directory";
            for (String path : List.of("/health/started", "/health/ready", "/health/live")) {
                await(path).atMost(Duration.ofSeconds(90)).ignoreExceptions().untilAsserted(() -> {
                    HttpResponse<String> response = server.get(path);
                    assertThat(response.statusCode()).isEqualTo(503);
                    assertThat(response.body()).contains("DOWN", text);
                });
            }
            assertThat(server.console()).contains("\"level\":\"error\"", "\"msg\":\"Program aborted\",\"error\":\"" + text + "\"");
            assertThat(server.process.isAlive()).isTrue();
            assertThat(server.stop()).isZero();
        }
    }
}
