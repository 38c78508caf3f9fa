package org.openkas.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.codec.ByteArrayCodec;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * A Redis, as it is in production, that can be paused, killed and started again at the same place. The program comes with a test
 * dependency, {@code REDIS_BIN} names another one; without either it is the one on the path. For one thread.
 */
public final class RealRedis implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final Path directory;
    private final int port;
    private final List<String> arguments;
    private Process process;

    private RealRedis(Path directory, int port, List<String> arguments) throws IOException {
        this.directory = directory;
        this.port = port;
        this.arguments = arguments;
        process = run();
    }

    /** On a free port of the loopback address; {@code arguments} are settings, such as {@code --requirepass secret}. */
    public static RealRedis start(String... arguments) {
        try {
            return at(FreePorts.some(1).getFirst(), arguments);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** As the other, on this port. */
    public static RealRedis at(int port, String... arguments) throws IOException {
        return new RealRedis(Files.createTempDirectory("openkas-redis"), port, List.of(arguments));
    }

    /** One for all tests of this JVM that do not care what else is in it; it ends with the JVM. */
    public static RealRedis shared() {
        return Shared.REDIS;
    }

    private static final class Shared {
        private static final RealRedis REDIS = start();

        static {
            Runtime.getRuntime().addShutdownHook(new Thread(REDIS::close));
        }
    }

    private Process run() throws IOException {
        List<String> command = new ArrayList<>(List.of(program().toString()));
        boolean sentinel = arguments.contains("--sentinel");
        if (sentinel) {
            // a sentinel writes to its settings
            command.add(Files.writeString(directory.resolve("sentinel.conf"), "").toString());
        }
        command.addAll(List.of("--port", arguments.contains("--tls-port") ? "0" : Integer.toString(port), "--bind", "127.0.0.1", "--dir",
                directory.toString()));
        if (!sentinel) {
            command.addAll(List.of("--save", "", "--appendonly", "no"));
        }
        command.addAll(arguments);
        Process begun = new ProcessBuilder(command).redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(directory.resolve("redis.log").toFile())).start();
        await().atMost(PATIENCE).until(this::listens);
        return begun;
    }

    private boolean listens() {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress("127.0.0.1", port), 1000);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** The program, unpacked once. */
    private static Path program() throws IOException {
        String own = System.getenv("REDIS_BIN");
        if (own != null && !own.isEmpty()) {
            return Path.of(own);
        }
        boolean arm = System.getProperty("os.arch").toLowerCase(Locale.ROOT).contains("aarch64");
        String name = arm ? "redis-server-6.2.7-linux-arm64" : "redis-server-6.2.6-v5-linux-amd64";
        Path program = Path.of(System.getProperty("java.io.tmpdir"), "openkas-" + name + "-" + ProcessHandle.current().pid());
        if (!Files.exists(program)) {
            Path half = program.resolveSibling(program.getFileName() + ".new");
            try (InputStream in = RealRedis.class.getResourceAsStream("/" + name)) {
                if (in == null) {
                    return Path.of("redis-server");
                }
                Files.copy(in, half, StandardCopyOption.REPLACE_EXISTING);
            }
            assertThat(half.toFile().setExecutable(true)).isTrue();
            Files.move(half, program, StandardCopyOption.ATOMIC_MOVE);
            program.toFile().deleteOnExit();
        }
        return program;
    }

    /** Where it is, as {@code redis.server.address} has it. */
    public String address() {
        return "127.0.0.1:" + port;
    }

    public int port() {
        return port;
    }

    /** The line in a configuration file. */
    public String yaml() {
        return "redis: {server: {address: \"" + address() + "\"}}";
    }

    /** Ends it at once. */
    public void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** Starts it again, empty. */
    public void restart() throws IOException {
        process = run();
    }

    /** It goes on existing, and does nothing. */
    public void pause() throws IOException, InterruptedException {
        signal("STOP");
    }

    /** It goes on. */
    public void resume() throws IOException, InterruptedException {
        signal("CONT");
    }

    private void signal(String name) throws IOException, InterruptedException {
        assertThat(new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor()).isZero();
    }

    /** A client of one's own; the caller closes it. */
    public Client client() {
        return client(RedisURI.create("redis://" + address()));
    }

    /** A client with another URI. */
    public Client client(RedisURI uri) {
        RedisClient client = RedisClient.create(uri);
        return new Client(client, client.connect(ByteArrayCodec.INSTANCE));
    }

    /** What a test looks into Redis with. */
    public record Client(RedisClient client, StatefulRedisConnection<byte[], byte[]> connection) implements AutoCloseable {

        public RedisCommands<byte[], byte[]> commands() {
            return connection.sync();
        }

        /** Lets time pass for all keys: Redis has no clock that a test could set. */
        public void pass(Duration time) {
            for (byte[] key : commands().keys("*")) {
                long left = commands().pttl(key);
                if (left >= 0) {
                    commands().pexpire(key, Math.max(0, left - time.toMillis()));
                }
            }
        }

        @Override
        public void close() {
            connection.close();
            client.shutdown(0, 1, TimeUnit.SECONDS);
        }
    }

    @Override
    public void close() {
        try {
            process.destroyForcibly().waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        try (var files = Files.list(directory)) {
            for (Path file : files.toList()) {
                Files.deleteIfExists(file);
            }
            Files.deleteIfExists(directory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
