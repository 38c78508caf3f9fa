package org.openkas.agentapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.openkas.testkit.RawPeer;

/** The agents' way in through a real Open Liberty: the contract of the KAS port, and what only a container can do wrong. */
class JakartaTransportIT {
    @TempDir
    static Path directory;
    private static LibertyServer liberty;

    @BeforeAll
    static void start() throws Exception {
        liberty = LibertyServer.start(Path.of(System.getProperty("openkas.distribution")).resolveSibling("liberty/wlp"), directory);
    }

    @AfterAll
    static void stop() {
        liberty.close();
    }

    @TestFactory
    Stream<DynamicTest> contract() throws Exception {
        return inside(JakartaTransport.class);
    }

    @TestFactory
    Stream<DynamicTest> load() throws Exception {
        return inside(JakartaLoad.class);
    }

    @Test
    @EnabledIfSystemProperty(named = "openkas.figures", matches = "true", disabledReason = "figures are asked for by openkas.figures=true")
    void figures() throws Exception {
        get("/contract?class=" + JakartaFigures.class.getName()).body().lines().filter(line -> !line.startsWith("ok ")).forEach(System.out::println);
    }

    /** Runs a test class in the server and shows its tests as if they ran here. */
    private static Stream<DynamicTest> inside(Class<?> tests) throws Exception {
        List<DynamicTest> results = new ArrayList<>();
        List<String> lines = get("/contract?class=" + tests.getName()).body().lines().toList();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i);
            if (line.startsWith("ok ")) {
                results.add(DynamicTest.dynamicTest(line.substring(3), () -> {
                }));
            } else if (line.startsWith("FAILED ")) {
                String trace = String.join("\n",
                        lines.subList(i, lines.size()).stream().skip(1).takeWhile(each -> each.startsWith(" ")).toList());
                results.add(DynamicTest.dynamicTest(line.substring(7), () -> fail(trace)));
            }
        }
        assertThat(results).as("tests that ran in the server").isNotEmpty();
        return results.stream();
    }

    @Test
    @DisplayName("the application server's own pages are never hidden")
    void ownPages() throws Exception {
        assertThat(get("/health").statusCode()).isEqualTo(200);
        try (RawPeer peer = RawPeer.http(liberty.port())) {
            peer.send(RawPeer.upgradeRequest("/health/live"));
            assertThat(peer.readHead()).startsWith("HTTP/1.1 200 ");
        }
    }

    private static HttpResponse<String> get(String path) throws Exception {
        try (HttpClient client = HttpClient.newHttpClient()) {
            return client.send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + liberty.port() + path)).build(),
                    HttpResponse.BodyHandlers.ofString());
        }
    }
}
