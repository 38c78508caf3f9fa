package org.openkas.testkit;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.UUID;

/** Every command that a Redis executes from now on, as it tells itself. Thread-safe. */
public final class RedisCommandsSeen implements AutoCloseable {
    private final int port;
    private final Socket socket;
    private final TextLines lines;

    /** Watches this Redis. */
    public RedisCommandsSeen(RealRedis redis) throws IOException {
        port = redis.port();
        socket = new Socket("127.0.0.1", port);
        lines = new TextLines(socket.getInputStream());
        socket.getOutputStream().write("MONITOR\r\n".getBytes(StandardCharsets.US_ASCII));
        await().until(() -> lines.soFar().contains("+OK"));
    }

    /** Those that were executed before this call and have {@code text} in them. */
    public List<String> with(String text) throws IOException {
        String mark = UUID.randomUUID().toString();
        try (Socket other = new Socket("127.0.0.1", port)) {
            other.getOutputStream().write(("ECHO " + mark + "\r\n").getBytes(StandardCharsets.US_ASCII));
            await().atMost(Duration.ofSeconds(20)).until(() -> lines.soFar().stream().anyMatch(line -> line.contains(mark)));
        }
        return lines.soFar().stream().filter(line -> line.contains(text)).toList();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
