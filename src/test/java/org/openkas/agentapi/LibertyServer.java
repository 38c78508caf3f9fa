package org.openkas.agentapi;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.awaitility.core.ConditionTimeoutException;
import org.openkas.testkit.FreePorts;

/**
 * An Open Liberty of its own with the agents' endpoint and these tests in one application: what {@link JakartaTransport}
 * needs around it. The rest of the server is left out, so that each test brings its own.
 */
final class LibertyServer implements AutoCloseable {
    private static final List<String> LEFT_OUT = List.of("jakarta.", "microprofile", "arquillian", "shrinkwrap", "archunit", "wiremock");
    private static final String APPLICATION_STARTED = "CWWKZ0001I";

    private final Process process;
    private final Path output;
    private final int port;

    private LibertyServer(Process process, Path output, int port) {
        this.process = process;
        this.output = output;
        this.port = port;
    }

    /** Starts it below {@code directory} from the Open Liberty that the build unpacked at {@code wlp}. */
    static LibertyServer start(Path wlp, Path directory) throws IOException {
        int port = FreePorts.some(1).getFirst();
        Path server = Files.createDirectories(directory.resolve("servers/contract"));
        Files.writeString(server.resolve("server.xml"),
                """
                        <server>
                          <featureManager><feature>servlet-6.0</feature><feature>websocket-2.1</feature><feature>cdi-4.0</feature><feature>mpHealth-4.0</feature></featureManager>
                          <httpEndpoint id="defaultHttpEndpoint" host="127.0.0.1" httpPort="%d" httpsPort="-1"/>
                          <cdi enableImplicitBeanArchives="false"/>
                          <webApplication location="contract.war" contextRoot="/"/>
                        </server>
                        """
                        .formatted(port));
        Files.writeString(server.resolve("server.env"), "JAVA_HOME=" + System.getProperty("java.home") + "\n");
        Files.writeString(server.resolve("jvm.options"),
                "-Xmx768m\n--enable-native-access=ALL-UNNAMED\n--sun-misc-unsafe-memory-access=allow\n");
        application(Files.createDirectories(server.resolve("apps/contract.war/WEB-INF/lib")));
        ProcessBuilder builder = new ProcessBuilder(wlp.resolve("bin/server").toString(), "run", "contract");
        builder.environment().put("WLP_USER_DIR", directory.toString());
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        Path output = directory.resolve("output.txt");
        LibertyServer started = new LibertyServer(builder.redirectErrorStream(true).redirectOutput(output.toFile()).start(), output, port);
        try {
            started.awaitApplication();
        } catch (IOException | RuntimeException e) {
            started.close();
            throw e;
        }
        return started;
    }

    int port() {
        return port;
    }

    private void awaitApplication() throws IOException {
        try {
            await().atMost(Duration.ofSeconds(120)).pollInterval(Duration.ofMillis(200))
                    .until(() -> !process.isAlive() || Files.readString(output).contains(APPLICATION_STARTED));
        } catch (ConditionTimeoutException e) {
            throw new IOException("Open Liberty did not start:\n" + Files.readString(output), e);
        }
        if (!process.isAlive()) {
            throw new IOException("Open Liberty ended:\n" + Files.readString(output));
        }
    }

    /** Jars: the rooms below the wiring, the tests of the transport with their doubles, and libraries. */
    private static void application(Path libraries) throws IOException {
        for (String entry : System.getProperty("java.class.path").split(":")) {
            Path path = Path.of(entry);
            String name = path.getFileName().toString();
            if (Files.isDirectory(path) && !name.equals("classes")) {
                jar(path, libraries.resolve(path.getFileName() + ".jar"), LibertyServer::wanted);
            } else if (LEFT_OUT.stream().noneMatch(entry::contains) && name.endsWith(".jar") && !name.startsWith("openkas")) {
                Files.copy(path, libraries.resolve(name));
            }
        }
        // failsafe may have the packaged classes on its class path instead
        jar(Path.of(System.getProperty("openkas.distribution")).resolveSibling("classes"), libraries.resolve("classes.jar"),
                LibertyServer::wanted);
    }

    private static boolean wanted(String name) {
        return Stream.of("org/openkas/app/", "org/openkas/demo/", "org/openkas/cli/", "org/openkas/observability/")
                .noneMatch(name::startsWith);
    }

    private static void jar(Path directory, Path jar, Predicate<String> wanted) throws IOException {
        try (OutputStream out = Files.newOutputStream(jar);
                ZipOutputStream zip = new ZipOutputStream(out);
                Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                String name = directory.relativize(file).toString();
                if (wanted.test(name)) {
                    zip.putNextEntry(new ZipEntry(name));
                    Files.copy(file, zip);
                    zip.closeEntry();
                }
            }
        }
    }

    @Override
    public void close() {
        List<ProcessHandle> all = Stream.concat(process.descendants(), Stream.of(process.toHandle())).toList();
        all.forEach(ProcessHandle::destroy);
        try {
            if (!process.waitFor(20, TimeUnit.SECONDS)) {
                all.forEach(ProcessHandle::destroyForcibly);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
