import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Starts the finished distribution once and lets the JVM keep the classes that it loaded in {@code lib/openkas.jsa}, which
 * makes every later start quicker. The archive fits the JDK that made it; with another one the server starts without.
 * Argument: build directory.
 */
final class ClassArchive {
    private static final Pattern ADDRESS = Pattern.compile("Observability endpoint is up.*\"net_address\":\"([^\"]+)\"");
    private static final int SECONDS = 120;

    public static void main(String[] arguments) throws IOException, InterruptedException {
        Path target = Path.of(arguments[0]);
        Path training = Files.createDirectories(target.resolve("training"));
        Path archive = target.resolve("openkas/lib/openkas.jsa");
        Files.deleteIfExists(archive);
        int port = freePort();
        ProcessBuilder builder = new ProcessBuilder(target.resolve("openkas/bin/openkas").toString(),
                "--configuration-file=" + configuration(training));
        Map<String, String> environment = builder.environment();
        environment.put("JAVA_HOME", System.getProperty("java.home"));
        environment.put("OPENKAS_HTTP_PORT", Integer.toString(port));
        environment.put("OPENKAS_JVM_OPTIONS", "-XX:ArchiveClassesAtExit=" + archive);
        environment.remove("OPENKAS_WORK_DIR");
        Process server = builder.redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        try {
            visit(server, port);
            server.destroy();
            if (!server.waitFor(SECONDS, TimeUnit.SECONDS) || server.exitValue() != 0) {
                throw new IOException("the server did not stop in order after it made the archive of classes");
            }
        } finally {
            server.destroyForcibly();
        }
        if (!Files.exists(archive)) {
            throw new IOException("the JVM made no archive of classes: " + archive);
        }
    }

    /** What an operator's tools do first. */
    private static void visit(Process server, int port) throws IOException, InterruptedException {
        String probes = "http://" + address(server);
        try (HttpClient client = HttpClient.newHttpClient()) {
            for (String url : List.of(probes + "/liveness", probes + "/readiness", probes + "/metrics", "http://localhost:" + port + "/health")) {
                int status = 0;
                for (int attempt = 0; attempt < SECONDS * 5 && status != 200; attempt++) {
                    try {
                        status = client.send(HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.discarding()).statusCode();
                    } catch (IOException e) {
                        status = 0;
                    }
                    if (status != 200) {
                        Thread.sleep(200);
                    }
                }
                if (status != 200) {
                    throw new IOException(url + " answers " + status);
                }
            }
        }
    }

    /** Where the server answers probes, from its log; the log is read on until the server ends. */
    private static String address(Process server) throws IOException {
        BufferedReader log = new BufferedReader(new InputStreamReader(server.getErrorStream(), StandardCharsets.UTF_8));
        List<String> lines = new ArrayList<>();
        for (String line = log.readLine(); line != null; line = log.readLine()) {
            lines.add(line);
            Matcher matcher = ADDRESS.matcher(line);
            if (matcher.find()) {
                Thread.ofVirtual().start(() -> log.lines().forEach(rest -> {
                }));
                return matcher.group(1);
            }
        }
        throw new IOException("the server did not start:\n" + String.join("\n", lines));
    }

    /** A server on its own, on ports that the system chooses. */
    private static Path configuration(Path directory) throws IOException {
        Files.writeString(directory.resolve("agents.yaml"), """
                agents:
                  - name: training
                    id: 1
                    token: a-token-that-only-this-run-knows
                    repository: %s
                    ref: main
                """.formatted(directory));
        return Files.writeString(directory.resolve("kas.yaml"), """
                standalone:
                  agents_file: %s
                agent:
                  listen:
                    address: 127.0.0.1:0
                    websocket: true
                    listen_grace_period: 0.1s
                observability:
                  listen:
                    address: 127.0.0.1:0
                """.formatted(directory.resolve("agents.yaml")));
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
