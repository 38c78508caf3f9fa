package org.openkas.observability;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.openkas.common.BuildInfo;
import org.openkas.common.LogLevel;
import org.openkas.net.BoundAddress;
import org.openkas.net.EventLoops;
import org.openkas.net.ListenAddress;
import org.openkas.net.ListenException;
import org.openkas.net.Network;
import org.openkas.net.Security;
import org.openkas.testkit.FakeTimers;
import org.openkas.testkit.RecordedLog;

class ObservabilityEndpointTest {
    private static final BuildInfo BUILD = new BuildInfo("v1.2.3", "abcdef01", "20260102.030405");

    private final RecordedLog log = new RecordedLog();
    private final Probes probes = new Probes();
    private final EventLoops loops = new EventLoops(1);
    private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
    private final HttpClient client = HttpClient.newHttpClient();
    private Optional<ObservabilityEndpoint> endpoint = Optional.empty();

    @AfterEach
    void stop() {
        client.close();
        endpoint.ifPresent(ObservabilityEndpoint::close);
        loops.close();
        executor.close();
    }

    private BoundAddress start(ListenAddress address, ObservabilityPaths paths) throws ListenException {
        ObservabilityEndpoint started = new ObservabilityEndpoint(address, new Security.Plain(), paths, probes, Metrics.ofServer(BUILD),
                BUILD.serverName(), loops, new FakeTimers(), executor, log.log());
        endpoint = Optional.of(started);
        return started.start();
    }

    private URI start() throws ListenException {
        return start(ObservabilityPaths.STANDARD);
    }

    private URI start(ObservabilityPaths paths) throws ListenException {
        return URI.create("http://" + start(new ListenAddress(Network.TCP, "127.0.0.1:0"), paths).address());
    }

    private HttpResponse<String> request(String method, URI uri) throws IOException, InterruptedException {
        return client.send(HttpRequest.newBuilder(uri).method(method, HttpRequest.BodyPublishers.noBody()).build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private HttpResponse<String> get(URI base, String path) throws IOException, InterruptedException {
        return request("GET", base.resolve(path));
    }

    @Test
    void theLogTellsWhereItListens() throws Exception {
        URI base = start();
        assertThat(log.lines("Observability endpoint is up")).singleElement().satisfies(line -> {
            assertThat(line.level()).isEqualTo(LogLevel.INFO);
            assertThat(line.fields()).containsEntry("mod_name", "observability").containsEntry("net_network", "tcp").containsEntry(
                    "net_address",
                    base.getAuthority());
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"/liveness", "/readiness", "/readiness?verbose=1"})
    @DisplayName("CO-28 probes of a good server answer 200 without a body, and name the server")
    void probes(String path) throws Exception {
        HttpResponse<String> response = get(start(), path);
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.body()).isEmpty();
        assertThat(response.headers().firstValue("Content-Type")).isEmpty();
        assertThat(response.headers().firstValue("Server")).contains("gitlab-kas/v1.2.3/abcdef01");
    }

    @ParameterizedTest
    @ValueSource(strings = {"POST", "PUT", "DELETE", "OPTIONS", "HEAD", "PURGE"})
    void probesTakeAnyMethod(String method) throws Exception {
        assertThat(request(method, start().resolve("/readiness")).statusCode()).isEqualTo(200);
    }

    @Test
    @DisplayName("CO-29 a failing check gives 500 with key and reason, and an error line for each call")
    void failingProbe() throws Exception {
        probes.readiness("redis", () -> Optional.of("redis: connection refused"));
        URI base = start();
        HttpResponse<String> response = get(base, "/readiness");
        assertThat(response.statusCode()).isEqualTo(500);
        assertThat(response.body()).isEqualTo("redis: redis: connection refused\n");
        assertThat(response.headers().firstValue("Content-Type")).contains("text/plain; charset=utf-8");
        assertThat(response.headers().firstValue("X-Content-Type-Options")).contains("nosniff");
        assertThat(get(base, "/liveness").statusCode()).isEqualTo(200);
        assertThat(log.lines("ReadinessProbe failed")).singleElement().satisfies(line -> {
            assertThat(line.level()).isEqualTo(LogLevel.ERROR);
            assertThat(line.fields()).containsEntry("mod_name", "observability").containsEntry("error", "redis: redis: connection refused");
        });
    }

    @Test
    void aFailingLivenessCheckIsToldApart() throws Exception {
        probes.liveness("server", () -> Optional.of("broken"));
        assertThat(get(start(), "/liveness").statusCode()).isEqualTo(500);
        assertThat(log.lines("LivenessProbe failed")).hasSize(1);
    }

    @Test
    @DisplayName("CO-30 custom paths answer, and the default ones are not found")
    void customPaths() throws Exception {
        URI base = start(new ObservabilityPaths("/m", "/alive", "/ready/"));
        assertThat(get(base, "/m").body()).contains("gitlab_build_info");
        assertThat(get(base, "/alive").statusCode()).isEqualTo(200);
        assertThat(get(base, "/ready/and/below").statusCode()).isEqualTo(200);
        for (String path : List.of("/metrics", "/liveness", "/readiness", "/ready", "/m/", "/", "/debug/pprof/")) {
            HttpResponse<String> response = get(base, path);
            assertThat(response.statusCode()).as(path).isEqualTo(404);
            assertThat(response.body()).isEqualTo("404 page not found\n");
            assertThat(response.headers().firstValue("Server")).isEmpty();
        }
    }

    @Test
    void metricsAreInTextFormat() throws Exception {
        HttpResponse<String> response = get(start(), "/metrics");
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.headers().firstValue("Content-Type")).contains("text/plain; version=0.0.4; charset=utf-8");
        assertThat(response.headers().firstValue("Server")).isPresent();
        assertThat(response.body()).contains("gitlab_build_info");
    }

    @Test
    @DisplayName("CO-31 scrapes are counted by their status")
    void scrapesAreCounted() throws Exception {
        URI base = start();
        assertThat(get(base, "/metrics").body()).contains("promhttp_metric_handler_requests_total{code=\"200\"} 0.0\n",
                "promhttp_metric_handler_requests_total{code=\"503\"} 0.0\n", "promhttp_metric_handler_requests_in_flight 1.0\n");
        assertThat(get(base, "/metrics").body()).contains("promhttp_metric_handler_requests_total{code=\"200\"} 1.0\n");
    }

    @Test
    @DisplayName("CO §6.3: who speaks HTTP to the port of HTTPS is told so")
    void plainHttpToHttps() throws Exception {
        String files = "src/test/resources/org/openkas/testkit/";
        ObservabilityEndpoint started = new ObservabilityEndpoint(new ListenAddress(Network.TCP, "127.0.0.1:0"),
                Security.of(files + "server.pem", files + "server-key.pem", List.of()), ObservabilityPaths.STANDARD, probes,
                Metrics.ofServer(BUILD), BUILD.serverName(), loops, new FakeTimers(), executor, log.log());
        endpoint = Optional.of(started);
        int port = started.start().port();
        try (Socket peer = new Socket("127.0.0.1", port)) {
            peer.getOutputStream().write("GET /liveness HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(UTF_8));
            assertThat(new String(peer.getInputStream().readAllBytes(), UTF_8))
                    .isEqualTo("HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n");
        }
        SSLContext trusting = SSLContext.getInstance("TLS");
        trusting.init(null, InsecureTrustManagerFactory.INSTANCE.getTrustManagers(), null);
        try (Socket peer = trusting.getSocketFactory().createSocket("127.0.0.1", port)) {
            peer.getOutputStream().write("GET /liveness HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".getBytes(UTF_8));
            assertThat(new String(peer.getInputStream().readAllBytes(), UTF_8)).startsWith("HTTP/1.1 200 OK\r\n");
        }
    }

    @Test
    @DisplayName("CO-45 a file where the socket should be is left alone, even the socket of a server that listens there")
    void takenUnixSocket(@TempDir Path directory) throws Exception {
        Path socket = directory.resolve("o.sock");
        try (ServerSocketChannel other = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            other.bind(UnixDomainSocketAddress.of(socket));
            assertThatExceptionOfType(ListenException.class)
                    .isThrownBy(() -> start(new ListenAddress(Network.UNIX, socket.toString()), ObservabilityPaths.STANDARD))
                    .withMessage("listen unix " + socket + ": bind: address already in use");
            assertThat(socket).exists();
        }
    }

    private String answer(String request) throws Exception {
        URI base = start();
        try (Socket peer = new Socket(base.getHost(), base.getPort())) {
            peer.getOutputStream().write(request.getBytes(UTF_8));
            return new String(peer.getInputStream().readAllBytes(), UTF_8);
        }
    }

    @Test
    @DisplayName("CO-28 header names are written as everybody writes them; lines may end in a line feed alone; paths may be escaped")
    void wireFormat() throws Exception {
        assertThat(answer("GET /live%6eess HTTP/1.1\nHost: x\nConnection: close\n\n")).startsWith("HTTP/1.1 200 OK\r\n")
                .contains("\r\nServer: gitlab-kas/v1.2.3/abcdef01\r\n", "\r\nContent-Length: 0\r\n", "\r\nDate: ",
                        "\r\nConnection: close\r\n");
    }

    @Test
    @DisplayName("CO-28 clients of HTTP/1.0 keep their connection if they ask to")
    void http10() throws Exception {
        assertThat(answer("GET /liveness HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /liveness HTTP/1.0\r\n\r\n"))
                .containsOnlyOnce("\r\nConnection: keep-alive\r\n").containsOnlyOnce("\r\nConnection: close\r\n");
    }

    @ParameterizedTest
    @DisplayName("CO §8.5: what is no request is told so, and the connection ends")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            GET /liveness HTTP/1.1\\r\\n\\r\\n                        | 400 Bad Request: missing required Host header
            GET /liveness HTTP/1.1\\r\\nHost: a\\r\\nHost: b\\r\\n\\r\\n | 400 Bad Request
            GET /liveness HTTP/2.0\\r\\nHost: a\\r\\n\\r\\n            | 505 HTTP Version Not Supported: unsupported protocol version
            GET /liveness HTTP/1.1\\r\\nHost: a\\r\\nbad header\\r\\n\\r\\n | 400 Bad Request
            garbage\\r\\n\\r\\n                                       | 400 Bad Request
            """)
    void faults(String request, String body) throws Exception {
        assertThat(answer(request.translateEscapes())).startsWith("HTTP/1.1 " + body.substring(0, 4))
                .contains("\r\nConnection: close\r\n").doesNotContain("\r\nServer: ").endsWith("\r\n\r\n" + body);
    }

    @Test
    @DisplayName("CO §8.5: heads that are too large are told so")
    void tooLarge() throws Exception {
        assertThat(answer("GET /liveness HTTP/1.1\r\nHost: a\r\nX: " + "x".repeat(70_000) + "\r\n\r\n")).startsWith("HTTP/1.1 431 ");
    }

    @Test
    @DisplayName("CO-45 probes work over a unix socket, and the log names the network")
    void unixSocket(@TempDir Path directory) throws Exception {
        Path socket = directory.resolve("o.sock");
        start(new ListenAddress(Network.UNIX, socket.toString()), ObservabilityPaths.STANDARD);
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(UnixDomainSocketAddress.of(socket));
            Channels.newOutputStream(channel).write("GET /readiness HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".getBytes(UTF_8));
            assertThat(new String(Channels.newInputStream(channel).readAllBytes(), UTF_8)).startsWith("HTTP/1.1 200 OK\r\n");
        }
        assertThat(log.lines("Observability endpoint is up")).singleElement()
                .satisfies(line -> assertThat(line.fields()).containsEntry("net_network", "unix").containsEntry("net_address",
                        socket.toString()));
    }

    @Test
    @DisplayName("CO-46 a busy port is named in the reference's words")
    void busyPort() throws Exception {
        try (ServerSocket busy = new ServerSocket()) {
            busy.bind(new InetSocketAddress("127.0.0.1", 0));
            String address = "127.0.0.1:" + busy.getLocalPort();
            assertThatExceptionOfType(ListenException.class)
                    .isThrownBy(() -> start(new ListenAddress(Network.TCP, address), ObservabilityPaths.STANDARD))
                    .withMessage("listen tcp " + address + ": bind: address already in use");
        }
    }

    @Test
    void requestsOnOneConnectionAreAnsweredInTheirOrder() throws Exception {
        URI base = start();
        try (Socket socket = new Socket(base.getHost(), base.getPort())) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write(("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
                    + "GET /liveness HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").getBytes(UTF_8));
            String answers = new String(socket.getInputStream().readAllBytes(), UTF_8);
            assertThat(answers).containsSubsequence("HTTP/1.1 404", "HTTP/1.1 200", "HTTP/1.1 404");
        }
    }

    @Test
    void whatIsNotHttpIsRefused() throws Exception {
        URI base = start();
        try (Socket socket = new Socket(base.getHost(), base.getPort())) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write("nonsense\r\n\r\n".getBytes(UTF_8));
            assertThat(new String(socket.getInputStream().readAllBytes(), UTF_8)).startsWith("HTTP/1.1 400");
        }
    }

    @Test
    void aRequestThatDoesNotComeIsCutOffAfterASecond() throws Exception {
        URI base = start();
        try (Socket socket = new Socket(base.getHost(), base.getPort())) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write("GET /liveness HTTP/1.1\r\n".getBytes(UTF_8));
            try (InputStream in = socket.getInputStream()) {
                assertThat(in.read()).isEqualTo(-1);
            }
        }
    }

    @Test
    void theEndWaitsForAnAnswerUnderWay() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        probes.readiness("slow", () -> {
            asked.countDown();
            go.await();
            return Optional.empty();
        });
        URI base = start();
        var answer = client.sendAsync(HttpRequest.newBuilder(base.resolve("/readiness")).timeout(Duration.ofSeconds(10)).build(),
                HttpResponse.BodyHandlers.discarding());
        asked.await();
        Thread closing = Thread.ofVirtual().start(() -> endpoint.orElseThrow().close());
        go.countDown();
        assertThat(answer.get().statusCode()).isEqualTo(200);
        closing.join();
    }
}
