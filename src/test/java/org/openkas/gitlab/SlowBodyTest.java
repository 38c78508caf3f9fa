package org.openkas.gitlab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.openkas.common.Timers;

/** A GitLab that takes a large body slowly, or not at all. */
@Timeout(60)
class SlowBodyTest {
    private static final int PIECE = 1 << 20;
    private static final int PIECES = 48;
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private interface Reader {
        void read(InputStream request) throws IOException, InterruptedException;
    }

    private static void play(Reader reader, CountDownLatch end, ClientUse use) throws Exception {
        try (ServerSocket listener = new ServerSocket()) {
            listener.setReceiveBufferSize(64 << 10);
            listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            Thread server = Thread.ofVirtual().start(() -> {
                try (Socket socket = listener.accept()) {
                    reader.read(socket.getInputStream());
                    socket.getOutputStream().write("HTTP/1.1 204 No Content\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                } catch (IOException e) {
                    // the client gave up
                    return;
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
            Timers timers = GitLabClients.realTimers();
            try (GitLabClient client = GitLabClients.of(URI.create("http://127.0.0.1:" + listener.getLocalPort()), timers, Map.of(),
                    new HttpTransport.Patience(Duration.ofSeconds(10), PATIENCE),
                    new TokenBucket(100, 100, timers, LimiterObserver.NONE))) {
                use.of(client);
            } finally {
                end.countDown();
                server.join();
            }
        }
    }

    private interface ClientUse {
        void of(GitLabClient client) throws Exception;
    }

    private static GitLabRequest large() {
        return GitLabRequest.of("POST", "/").body(ByteString.copyFrom(new byte[PIECE * PIECES]));
    }

    @Test
    @DisplayName("A body that moves may take longer than the answer to it")
    void slow() throws Exception {
        CountDownLatch end = new CountDownLatch(1);
        long begin = System.nanoTime();
        play(request -> {
            for (int i = 0; i < PIECES; i++) {
                // slow, by a wait that ends early if the test does
                boolean _ = end.await(70, TimeUnit.MILLISECONDS);
                request.readNBytes(PIECE);
            }
            // what is left is less than a piece: the head of the request
        }, end, client -> {
            try (GitLabResponse answer = client.send(large())) {
                assertThat(answer.status()).isEqualTo(204);
            }
        });
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isGreaterThan(PATIENCE);
    }

    @Test
    @DisplayName("A body that nobody takes is given up")
    void stalled() throws Exception {
        CountDownLatch end = new CountDownLatch(1);
        play(request -> {
            request.readNBytes(PIECE);
            end.await();
        }, end, client -> assertThatThrownBy(() -> client.send(large())).isInstanceOf(GitLabException.class)
                .hasMessageContaining("timeout awaiting response headers"));
    }
}
