package org.openkas.agentapi;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.Labels;
import jakarta.enterprise.inject.spi.CDI;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.openkas.agentendpoint.AgentEntrance;
import org.openkas.common.SystemTimers;
import org.openkas.grpc.GrpcServerMetrics;
import org.openkas.grpc.HandoffListener;
import org.openkas.grpc.HandoffSettings;
import org.openkas.grpc.ListenerRuntime;
import org.openkas.grpc.ListenerSettings;
import org.openkas.grpc.Opening;
import org.openkas.net.EventLoops;
import org.openkas.net.ListenAddress;
import org.openkas.net.Network;
import org.openkas.net.Security;
import org.openkas.testkit.RawPeer;
import org.openkas.testkit.WebSocketMessage;

/** The contract on the HTTP port of Open Liberty; {@link ContractServlet} runs it inside. */
class JakartaTransport extends AgentTransportContract {
    static volatile int port;

    private static EventLoops loops;
    private static ExecutorService executor;
    private static SystemTimers timers;

    @BeforeAll
    static void startThreads() {
        loops = new EventLoops(2);
        executor = Executors.newVirtualThreadPerTaskExecutor();
        timers = new SystemTimers(executor);
    }

    @AfterAll
    static void stopThreads() {
        loops.close();
        timers.close();
        executor.close();
    }

    @Override
    protected Running start(Setup setup) throws Exception {
        AgentEntrance entrance = CDI.current().select(AgentEntrance.class).get();
        PrometheusRegistry registry = new PrometheusRegistry();
        AgentGate gate = new AgentGate(new GrpcServerMetrics(registry), setup.validator(), setup.limiter(), new RateExceeded(registry),
                setup.aliases(), log.log());
        ListenerSettings settings = new ListenerSettings(new ListenAddress(Network.TCP, "127.0.0.1:0"), new Security.Plain(),
                new Opening.Http2(), setup.maxConnectionAge(), setup.listenGracePeriod(), setup.policy());
        ListenerRuntime runtime = new ListenerRuntime(loops, executor, timers, RandomGenerator.getDefault());
        AgentServer never = new AgentServer(settings, runtime, services.all(), gate, log.log());
        HandoffListener listener = new HandoffListener(HandoffSettings.like(settings), runtime, never.methods());
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
