package org.openkas.kubernetesapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.openkas.testkit.KubernetesAgent;
import org.openkas.testkit.RawPeer;

/** Clients such as curl close the connection on the last byte of the body, before the agent has ended the call. */
@Timeout(30)
class LeavingClientsTest {
    private RunningProxy proxy;

    @BeforeEach
    void start() throws Exception {
        proxy = RunningProxy.setup().start();
    }

    @AfterEach
    void stop() throws Exception {
        proxy.close();
    }

    /** A request whose client leaves after so much of an answer of three bytes. */
    private KubernetesAgent.Call left(String method, String body) throws Exception {
        try (RawPeer peer = proxy.peer()) {
            peer.send(method + " /version HTTP/1.1\r\n" + RunningProxy.TOKEN + "\r\n");
            KubernetesAgent.Call call = proxy.agent.next();
            await().until(() -> call.halfClosed.get() == 1);
            call.head(200, "Content-Length", "3");
            peer.readHead();
            if (!body.isEmpty()) {
                call.data(body);
                assertThat(peer.readText(body.length())).isEqualTo(body);
            }
            assertThat(proxy.timers.pending()).isZero();
            return call;
        }
    }

    @Test
    @DisplayName("A client that leaves with its whole answer lets the agent finish")
    void complete() throws Exception {
        for (String method : new String[]{"GET", "HEAD"}) {
            KubernetesAgent.Call call = left(method, method.equals("GET") ? "abc" : "");
            await().until(() -> proxy.timers.pending() == 1);
            call.trailer().complete();
            await().until(() -> proxy.timers.pending() == 0);
            assertThat(call.cancelled).hasValue(0);
        }
    }

    @Test
    @DisplayName("An agent that does not finish then is cancelled after 5 s")
    void endless() throws Exception {
        KubernetesAgent.Call call = left("GET", "abc");
        await().until(() -> proxy.timers.pending() == 1);
        proxy.timers.advance(Duration.ofMillis(4_999));
        assertThat(call.cancelled).hasValue(0);
        proxy.timers.advance(Duration.ofMillis(1));
        await().until(() -> call.cancelled.get() == 1);
    }

    @Test
    @DisplayName("A client that leaves before its answer is complete ends the agent's call at once")
    void incomplete() throws Exception {
        KubernetesAgent.Call call = left("GET", "ab");
        await().until(() -> call.cancelled.get() == 1);
        assertThat(proxy.timers.pending()).isZero();
    }
}
