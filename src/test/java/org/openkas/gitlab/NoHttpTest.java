package org.openkas.gitlab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Something listens at GitLab's address that does not speak HTTP as it should, and never hangs up by itself. */
@Timeout(30)
class NoHttpTest {
    private static final int CALLS = 5;

    private final AtomicInteger left = new AtomicInteger();
    private final Queue<Socket> accepted = new ConcurrentLinkedQueue<>();
    private volatile byte[] answer = {};
    private ServerSocket listener;

    @BeforeEach
    void listen() throws IOException {
        listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.startVirtualThread(() -> {
            try {
                while (true) {
                    Socket socket = listener.accept();
                    accepted.add(socket);
                    Thread.startVirtualThread(() -> serve(socket));
                }
            } catch (IOException e) {
                // the test is over
            }
        });
    }

    @AfterEach
    void stop() throws IOException {
        listener.close();
        for (Socket socket : accepted) {
            socket.close();
        }
    }

    private void serve(Socket socket) {
        try {
            byte[] request = new byte[8192];
            if (socket.getInputStream().read(request) > 0) {
                socket.getOutputStream().write(answer);
            }
            while (socket.getInputStream().read(request) >= 0) {
                // whatever else comes
            }
        } catch (IOException e) {
            // reset: left as well
        }
        left.incrementAndGet();
    }

    @ParameterizedTest
    @ValueSource(strings = {"SSH-2.0-OpenSSH_9.6\r\n", "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
            "HTTP/1.1 200 OK\r\nX-Text: a\0b\r\n\r\n"})
    @DisplayName("an answer that is no HTTP leaves no connection behind, though the peer keeps it open")
    void leaves(String bytes) throws Exception {
        answer = bytes.getBytes(StandardCharsets.ISO_8859_1);
        try (GitLabClient client = GitLabClients.of(URI.create("http://127.0.0.1:" + listener.getLocalPort()),
                GitLabClients.realTimers())) {
            for (int i = 0; i < CALLS; i++) {
                assertThatThrownBy(() -> client.call(GitLabRequest.of("GET", "/abc"))).isInstanceOf(GitLabException.class);
            }
            await().untilAsserted(() -> {
                assertThat(accepted).hasSizeGreaterThanOrEqualTo(CALLS);
                assertThat(left).hasValue(accepted.size());
            });
            // and the client still works
            answer = "HTTP/1.1 204 No Content\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1);
            client.call(GitLabRequest.of("GET", "/abc"));
        }
    }
}
