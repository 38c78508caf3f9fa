package org.openkas.routing;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.MetadataUtils;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.Duration;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Timeout;
import org.openkas.common.AgentToken;
import org.openkas.common.Log;
import org.openkas.gitlab.AgentIdentification;
import org.openkas.gitlab.AgentInfo;
import org.openkas.reversetunnel.ReverseTunnelService;
import org.openkas.reversetunnel.TunnelRegistry;
import org.openkas.testkit.FakeTimers;
import org.openkas.testkit.RecordedLog;

/**
 * Whatever both sides send, in whatever order they send, close, leave and look agents up: everything ends once, in time, and
 * nothing is left. All runs on the test's thread, so books can be kept after each step; the seed is the repetition's number.
 */
@Timeout(60)
class TunnelInterleavingsTest {
    private static final int STEPS = 150;

    private final FakeTimers timers = new FakeTimers();
    private final RecordedLog log = new RecordedLog();
    private final TunnelRegistry registry = new TunnelRegistry(log.log());
    private final TunnelChannels channels = new TunnelChannels(registry, Optional.empty(), new RoutingMetrics(new PrometheusRegistry()), timers,
            Runnable::run, log.log());
    private final ManualAges ages = new ManualAges();
    private final OpenCalls calls = new OpenCalls(ages);
    private int tokens;

    @RepeatedTest(200)
    @DisplayName("Random interleavings leak no tunnel, no stream, no search, no timer, and mix up no agents")
    void interleavings(RepetitionInfo run) throws Exception {
        Random random = new Random(run.getCurrentRepetition());
        String name = InProcessServerBuilder.generateName();
        Server server = InProcessServerBuilder.forName(name).directExecutor().intercept(calls)
                .addService(
                        new ReverseTunnelService(new LookUps(random), registry, timers, random, Runnable::run))
                .build().start();
        ManagedChannel connection = InProcessChannelBuilder.forName(name).directExecutor().build();
        Crowd crowd = new Crowd(random, agent -> withToken(connection, agent), channels);
        try {
            for (int step = 0; step < STEPS; step++) {
                if (random.nextInt(10) > 0) {
                    crowd.step();
                } else if (random.nextInt(8) == 0) {
                    ages.end();
                } else {
                    timers.advance(Duration.ofMillis(random.nextInt(4_000)));
                }
                balance(crowd);
            }
            crowd.someLeave();
            balance(crowd);
            end(crowd, run.getCurrentRepetition() % 2 == 0);
            // nothing is closed yet, so what is gone here has gone by itself
            assertThat(calls.open(true)).as("tunnels").isZero();
            assertThat(calls.open(false)).as("streams without an agent").isZero();
            assertThat(timers.pending()).as("timers").isZero();
            crowd.agentsRead();
            crowd.assertEnded();
            assertThat(calls.all.values()).allSatisfy(call -> assertThat(call.ends).isEqualTo(1));
            assertThat(ages.pending()).as("ages waited for").isZero();
            assertThat(log.lines()).noneMatch(line -> line.message().contains("unexpected"));
        } finally {
            connection.shutdownNow();
            server.shutdownNow();
        }
    }

    private Channel withToken(Channel connection, int agent) {
        Metadata headers = new Metadata();
        headers.put(OpenCalls.TOKEN, agent + "-" + tokens++);
        return ClientInterceptors.intercept(connection, MetadataUtils.newAttachHeadersInterceptor(headers));
    }

    /** Some agents are known; GitLab, which tells of the others, fails now and then. */
    private final class LookUps implements AgentIdentification {
        private final Random random;

        private LookUps(Random random) {
            this.random = random;
        }

        @Override
        public Optional<AgentInfo> known(AgentToken token) {
            return random.nextInt(3) == 0 ? Optional.of(found(token)) : Optional.empty();
        }

        @Override
        public AgentInfo identify(AgentToken token, Log ignored) throws StatusException {
            return switch (random.nextInt(20)) {
                case 0 -> throw Status.NOT_FOUND.asException();
                case 1, 2, 3 -> throw Status.UNAVAILABLE.asException();
                default -> found(token);
            };
        }

        private AgentInfo found(AgentToken token) {
            calls.all.get(token.value()).identified = true;
            return TunnelBench.agent(Long.parseLong(token.value().substring(0, token.value().indexOf('-'))));
        }
    }

    /** Each tunnel is idle or has a caller, each caller has a tunnel or waits, each wait has its timer, and there is nothing else. */
    private void balance(Crowd crowd) {
        assertThat(calls.open(true) - registry.idle()).as("tunnels in use").isEqualTo(crowd.liveCallers() - registry.waiting());
        assertThat(crowd.callersThatLeftInVain()).isZero();
        assertThat(ages.pending()).as("ages waited for").isLessThanOrEqualTo(calls.unfinished());
        assertThat(timers.pending()).as("timers")
                .isEqualTo(registry.waiting() + crowd.liveCallersWithDeadline() + calls.open(false));
    }

    private void end(Crowd crowd, boolean stop) {
        if (stop) {
            registry.stop();
            balance(crowd);
        }
        ages.end();
        assertThat(registry.idle()).isZero();
        balance(crowd);
        timers.advance(TunnelSearch.LIMIT);
        assertThat(registry.waiting()).isZero();
        balance(crowd);
        crowd.callersLeave();
        balance(crowd);
    }
}
