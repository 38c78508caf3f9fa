package org.openkas.kubernetesapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.openkas.testkit.NoLeaks;
import org.openkas.testkit.RawPeer;

/** Chapter 03 §13.4 rows 4 and 5: requests that are refused before their body, after which the connection cannot go on. */
@ExtendWith(NoLeaks.class)
@Timeout(30)
class RestOfBodyTest {
    private static void refused(RawPeer peer) throws Exception {
        peer.send("POST /a HTTP/1.1\r\nHost: kas.test\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
        String head = peer.readHead();
        assertThat(head).startsWith("HTTP/1.1 401 ").contains("Connection: close");
        // the body of the answer, and its end
        assertThat(peer.readText(100_000)).contains("Unauthorized");
    }

    @Test
    @DisplayName("A client that sends the body nevertheless: the connection ends with it, and no further request is served")
    void completed() throws Exception {
        try (RunningProxy proxy = RunningProxy.setup().start(); RawPeer peer = proxy.peer()) {
            refused(peer);
            assertThat(proxy.server.connections()).hasSize(1);
            peer.send("body");
            await().atMost(Duration.ofSeconds(5)).until(() -> proxy.server.connections().isEmpty() && proxy.timers.pending() == 0);
            assertThat(proxy.agent.waiting()).isZero();
        }
    }

    @Test
    @DisplayName("A client that does not send it, and does not leave, has 5 s")
    void silent() throws Exception {
        try (RunningProxy proxy = RunningProxy.setup().start(); RawPeer peer = proxy.peer()) {
            refused(peer);
            await().until(() -> proxy.timers.pending() == 1);
            proxy.timers.advance(Duration.ofMillis(4_999));
            assertThat(proxy.server.connections()).hasSize(1);
            assertThat(proxy.timers.pending()).isEqualTo(1);
            proxy.timers.advance(Duration.ofMillis(1));
            await().until(() -> proxy.server.connections().isEmpty());
        }
    }
}
