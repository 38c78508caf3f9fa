package org.openkas.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openkas.testkit.RunningDistribution;

/** The WAR in a Liberty that an operator set up as {@code docs/liberty.md} says. */
class OperatorLibertyIT {
    @TempDir
    Path directory;

    @Test
    @DisplayName("The documented server.xml runs the WAR, and stopping Liberty drains it")
    void runsAndStops() throws Exception {
        Path file = RunningDistribution.standalone(directory, """
                agent: {listen: {address: "127.0.0.1:0", listen_grace_period: 0.5s}}
                observability: {listen: {address: "127.0.0.1:0"}}
                """);
        try (OperatorLiberty server = OperatorLiberty.start(directory, file.toString())) {
            server.awaitReady();
            assertThat(server.console()).contains("\"msg\":\"Observability endpoint is up\"", "\"msg\":\"Agentk API endpoint is up\"");
            assertThat(server.stop()).isZero();
        }
    }

    @Test
    @DisplayName("A start that fails leaves the application server up, and health tells why")
    void failedStart() throws Exception {
        try (OperatorLiberty server = OperatorLiberty.start(directory, "/no/such.yaml")) {
            String text = "configuration file: open /no/such.yaml: no such file or directory";
            for (String path : List.of("/health/started", "/health/ready", "/health/live")) {
                await(path).atMost(Duration.ofSeconds(90)).ignoreExceptions().untilAsserted(() -> {
                    HttpResponse<String> response = server.get(path);
                    assertThat(response.statusCode()).isEqualTo(503);
                    assertThat(response.body()).contains("DOWN", text);
                });
            }
            assertThat(server.console()).contains("\"level\":\"error\"", "\"msg\":\"Program aborted\",\"error\":\"" + text + "\"");
            assertThat(server.running()).isTrue();
            assertThat(server.stop()).isZero();
        }
    }
}
