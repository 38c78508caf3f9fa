package org.openkas.agentapi;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.Labels;
import jakarta.enterprise.inject.spi.CDI;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import org.openkas.agentendpoint.AgentEntrance;
import org.openkas.grpc.HandoffListener;
import org.openkas.grpc.HandoffSettings;
import org.openkas.grpc.ListenerSettings;
import org.openkas.grpc.Opening;
import org.openkas.testkit.RawPeer;
import org.openkas.testkit.WebSocketMessage;

/** The contract on the HTTP port of Open Liberty; {@link ContractServlet} runs it inside. */
class JakartaTransport extends AgentTransportContract {
    static volatile int port;

    @Override
    protected Running start(Setup setup) throws Exception {
        AgentEntrance entrance = CDI.current().select(AgentEntrance.class).get();
        PrometheusRegistry registry = new PrometheusRegistry();
        ListenerSettings settings = setup.listener(new Opening.Http2());
        AgentServer never = new AgentServer(settings, threads.runtime(), services.all(), setup.gate(registry, log.log()), log.log());
        HandoffListener listener = new HandoffListener(HandoffSettings.like(settings), threads.runtime(), never.methods());
        listener.start();
        entrance.open(listener, "gitlab-kas/v1.2.3/abcdef");
        return new Running() {
            @Override
            public int port() {
                return port;
            }

            @Override
            public void drain(Duration limit) throws InterruptedException {
                listener.drain(limit);
                entrance.close();
                entrance.awaitSessionsClosed(Duration.ofSeconds(6));
            }

            @Override
            public double metric(String name, String... labels) {
                return KasPortTransportTest.value(registry, name, Labels.of(labels));
            }

            @Override
            public void close() {
                listener.close();
                entrance.close();
            }
        };
    }

    /** Liberty waits 30 s for the peer's close frame: what counts is that it sends its own. */
    @Override
    protected boolean ends(RawPeer peer, int millis) throws IOException {
        peer.patience(millis);
        try {
            while (peer.readMessage().first() != WebSocketMessage.CLOSE) {
                // what was sent before
            }
            return true;
        } catch (EOFException e) {
            return true;
        } catch (SocketTimeoutException e) {
            return false;
        }
    }

    @Override
    protected void answerClose(RawPeer peer) throws IOException {
        peer.send(WebSocketMessage.close(1002, ""));
    }

    @Override
    protected boolean ownReasons() {
        return false;
    }

    @Override
    protected boolean countsAhead() {
        return false;
    }

    @Override
    protected boolean noticesStrayFragments() {
        return false;
    }

    @Override
    protected boolean insistsOnMasks() {
        return false;
    }

    @Override
    protected void assertShut(Running server) throws Exception {
        try (RawPeer peer = RawPeer.http(server.port())) {
            peer.send(RawPeer.upgradeRequest("/"));
            assertThat(peer.readHead()).startsWith("HTTP/1.1 503 ");
        }
    }
}
