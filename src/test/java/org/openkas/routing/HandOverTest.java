package org.openkas.routing;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.MetadataUtils;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.openkas.common.AgentType;
import org.openkas.common.LogLevel;
import org.openkas.common.Timers;
import org.openkas.reversetunnel.AgentKey;
import org.openkas.reversetunnel.ReverseTunnelService;
import org.openkas.reversetunnel.TunnelRegistry;
import org.openkas.testkit.FakeTimers;
import org.openkas.testkit.RecordedLog;

/**
 * How a request that waits gets its tunnel, and what it sees if it gets none. Everything happens on the test's thread, and
 * time passes only where a test says so: what happens without that needs no timer.
 */
class HandOverTest {
    private final FakeTimers timers = new FakeTimers();
    private final RecordedLog log = new RecordedLog();
    private final PrometheusRegistry metrics = new PrometheusRegistry();
    private final TunnelRegistry registry = new TunnelRegistry(log.log());
    private final TunnelChannels channels = new TunnelChannels(registry, Optional.empty(), new RoutingMetrics(metrics), timers, Runnable::run,
            log.log());
    private final ManualAges ages = new ManualAges();
    private final OpenCalls calls = new OpenCalls(ages);
    private Server server;
    private ManagedChannel connection;

    @BeforeEach
    void start() throws Exception {
        String name = InProcessServerBuilder.generateName();
        server = InProcessServerBuilder.forName(name).directExecutor().intercept(calls)
                .addService(new ReverseTunnelService((_, _) -> TunnelBench.agent(7), registry, timers, new Random(1), Runnable::run))
                .build()
                .start();
        connection = InProcessChannelBuilder.forName(name).directExecutor().build();
    }

    @AfterEach
    void stop() {
        connection.shutdownNow();
        server.shutdownNow();
    }

    private ScriptedAgent tunnel() {
        Metadata headers = new Metadata();
        headers.put(OpenCalls.TOKEN, "token-" + calls.all.size());
        Channel withToken = ClientInterceptors.intercept(connection, MetadataUtils.newAttachHeadersInterceptor(headers));
        return ScriptedAgent.kubernetes(withToken);
    }

    private ScriptedCaller caller() {
        return ScriptedCaller.begin(channels.to(AgentType.AGENTK, 7));
    }

    private HistogramSnapshot.HistogramDataPointSnapshot routing(String status) {
        return metrics.scrape("k8s_api_proxy_routing_duration_seconds"::equals).stream()
                .flatMap(metric -> ((HistogramSnapshot) metric).getDataPoints().stream())
                .filter(point -> status.equals(point.getLabels().get("status"))).findFirst().orElseThrow();
    }

    private double timeouts() {
        return metrics.scrape("k8s_api_proxy_routing_timeout"::equals).stream()
                .flatMap(metric -> ((CounterSnapshot) metric).getDataPoints().stream())
                .mapToDouble(CounterSnapshot.CounterDataPointSnapshot::getValue).sum();
    }

    @Test
    @DisplayName("TC-24: a waiting request has the tunnel the moment it appears; no timer runs, and the tunnel is never idle")
    void atOnce() throws Exception {
        ScriptedCaller caller = caller();
        timers.advance(Duration.ofSeconds(5));
        assertThat(timers.pending()).as("the 20 s").isEqualTo(1);
        long before = timers.nanos();
        ScriptedAgent tunnel = tunnel();
        // no await: it has happened
        assertThat(tunnel.heardNothing()).isFalse();
        assertThat(tunnel.next().hasRequestInfo()).isTrue();
        assertThat(caller.ready).isDone();
        assertThat(registry.idle()).isZero();
        assertThat(registry.waiting()).isZero();
        assertThat(timers.nanos()).isEqualTo(before);
        assertThat(timers.pending()).isZero();
        assertThat(routing("success").getSum()).isEqualTo(5.0);
        assertThat(routing("success").getCount()).isEqualTo(1);
        assertThat(timeouts()).isZero();
    }

    @Test
    @DisplayName("An idle tunnel is the request's at once")
    void idleTunnel() throws Exception {
        ScriptedAgent tunnel = tunnel();
        assertThat(registry.idle()).isEqualTo(1);
        caller();
        assertThat(tunnel.heardNothing()).isFalse();
        assertThat(tunnel.next().hasRequestInfo()).isTrue();
        assertThat(timers.pending()).isZero();
        assertThat(routing("success").getSum()).isZero();
        assertThat(routing("success").getCount()).isEqualTo(1);
    }

    @Test
    @DisplayName("Those that wait longest get tunnels first")
    void inOrder() {
        List<ScriptedCaller> callers = Stream.generate(this::caller).limit(3).toList();
        for (int served = 1; served <= 3; served++) {
            tunnel();
            assertThat(callers.stream().map(caller -> caller.ready.isDone())).isSortedAccordingTo((a, b) -> Boolean.compare(b, a));
            assertThat(callers).filteredOn(caller -> caller.ready.isDone()).hasSize(served);
        }
    }

    @Test
    @DisplayName("TC-43: without a tunnel a request ends after 20 s, and is counted, and logged")
    void limit() throws Exception {
        ScriptedCaller caller = caller();
        timers.advance(Duration.ofMillis(19_999));
        assertThat(caller.end).isNotDone();
        assertThat(timeouts()).isZero();
        timers.advance(Duration.ofMillis(1));
        assertThat(caller.end).isDone();
        assertThat(caller.end().getCode()).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
        assertThat(caller.end().getDescription()).isEqualTo("Agent connection not found. Is agent up to date and connected?");
        assertThat(timeouts()).isEqualTo(1);
        assertThat(routing("success").getCount()).isZero();
        assertThat(routing("aborted").getCount()).isZero();
        assertThat(log.lines()).singleElement().satisfies(line -> {
            assertThat(line.level()).isEqualTo(LogLevel.ERROR);
            assertThat(line.message()).isEqualTo("Agent connection not found");
            assertThat(line.fields()).containsAllEntriesOf(
                    Map.of("agent_id", 7L, "error", "context deadline exceeded", "grpc_service", ScriptedAgent.SERVICE, "grpc_method",
                            "MakeRequest"));
        });
        assertThat(registry.waiting()).isZero();
        assertThat(timers.pending()).isZero();
        ScriptedAgent late = tunnel();
        assertThat(late.heardNothing()).isTrue();
        assertThat(registry.idle()).isEqualTo(1);
    }

    @Test
    @DisplayName("Requests for an agent that gives no tunnels do not pile up: so many wait, 20 s each, and the next fails at once")
    void crowd() throws Exception {
        List<ScriptedCaller> callers = Stream.generate(this::caller).limit(TunnelRegistry.MAX_WAITING).toList();
        ScriptedCaller refused = caller();
        assertThat(refused.end).isDone();
        assertThat(refused.end().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        assertThat(registry.waiting()).isEqualTo(TunnelRegistry.MAX_WAITING);
        timers.advance(Duration.ofSeconds(20));
        assertThat(callers).allMatch(caller -> caller.end.isDone());
        assertThat(registry.waiting()).isZero();
        assertThat(timers.pending()).isZero();
        ScriptedCaller late = caller();
        assertThat(tunnel().next().hasRequestInfo()).isTrue();
        assertThat(late.end).isNotDone();
    }

    @Test
    @DisplayName("A caller that leaves after 2 s, or whose own time is over, counts as aborted")
    void aborted() throws Exception {
        ScriptedCaller caller = caller();
        timers.advance(Duration.ofSeconds(2));
        caller.call.cancel(null, null);
        assertThat(caller.end().getDescription()).isEqualTo("RouteToKasStreamHandler request aborted: context canceled");
        assertThat(routing("aborted").getSum()).isEqualTo(2.0);
        assertThat(routing("aborted").getCount()).isEqualTo(1);
        ScriptedCaller limited = ScriptedCaller.begin(channels.to(AgentType.AGENTK, 7), new Metadata(),
                io.grpc.CallOptions.DEFAULT.withDeadlineAfter(Duration.ofSeconds(3)), 1);
        timers.advance(Duration.ofSeconds(3));
        assertThat(limited.end().getCode()).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
        assertThat(limited.end().getDescription()).isEqualTo("RouteToKasStreamHandler request aborted: context deadline exceeded");
        assertThat(routing("aborted").getCount()).isEqualTo(2);
        assertThat(timeouts()).isZero();
        assertThat(registry.waiting()).isZero();
        assertThat(timers.pending()).isZero();
    }

    /** Calls whose search does something the moment it has ended, before its tunnel is used. */
    private Channel channelWith(Runnable atEnd) {
        Timers hooked = new Timers() {
            @Override
            public Instant now() {
                return timers.now();
            }

            @Override
            public long nanos() {
                return timers.nanos();
            }

            @Override
            public Cancellable after(Duration delay, Runnable task) {
                Cancellable planned = timers.after(delay, task);
                return () -> {
                    planned.cancel();
                    atEnd.run();
                };
            }
        };
        return new TunnelChannels(registry, Optional.empty(), new RoutingMetrics(new PrometheusRegistry()), hooked, Runnable::run, log.log())
                .to(AgentType.AGENTK, 7);
    }

    @Test
    @DisplayName("A caller that leaves while its tunnel is on the way gives the tunnel back unused")
    void leavesAtHandOver() throws Exception {
        AtomicReference<ScriptedCaller> leaver = new AtomicReference<>();
        leaver.set(ScriptedCaller.begin(channelWith(() -> leaver.get().call.cancel("gone", null))));
        ScriptedAgent tunnel = tunnel();
        assertThat(leaver.get().end().getCode()).isEqualTo(Status.Code.CANCELLED);
        assertThat(tunnel.heardNothing()).isTrue();
        assertThat(registry.idle()).isEqualTo(1);
        caller();
        assertThat(tunnel.next().hasRequestInfo()).isTrue();
    }

    @Test
    @DisplayName("A tunnel that ends while it is on the way costs the caller nothing but time: it gets the next, or ends 20 s after it began")
    void endsAtHandOver() throws Exception {
        for (boolean another : new boolean[]{true, false}) {
            AtomicBoolean first = new AtomicBoolean(true);
            ScriptedCaller caller = ScriptedCaller.begin(channelWith(() -> {
                if (first.getAndSet(false)) {
                    ages.end();
                }
            }));
            timers.advance(Duration.ofSeconds(15));
            ScriptedAgent old = tunnel();
            assertThat(old.end()).isEqualTo(Status.OK);
            assertThat(old.heardNothing()).isTrue();
            assertThat(caller.end).isNotDone();
            assertThat(registry.waiting()).isEqualTo(1);
            if (another) {
                assertThat(tunnel().next().hasRequestInfo()).isTrue();
            } else {
                timers.advance(Duration.ofMillis(4_999));
                assertThat(caller.end).isNotDone();
                timers.advance(Duration.ofMillis(1));
                assertThat(caller.end().getCode()).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
            }
            assertThat(registry.waiting()).isZero();
            assertThat(registry.idle()).isZero();
            assertThat(timers.pending()).isZero();
        }
    }

    @Test
    @DisplayName("A search that ended before it began gives the tunnel back that it finds")
    void endedSearch() throws Exception {
        ScriptedAgent tunnel = tunnel();
        TunnelSearch search = new TunnelSearch(
                new Surroundings(registry, Optional.empty(), new RoutingMetrics(new PrometheusRegistry()), timers, Runnable::run,
                        log.log()),
                timers.nanos(), new Wanted(new AgentKey(AgentType.AGENTK, 7), ScriptedAgent.SERVICE, "MakeRequest", new Metadata(), Optional.empty(),
                        Optional.empty()), found -> {
                    throw new AssertionError();
                }, failed -> {
                    throw new AssertionError();
                });
        search.abort();
        search.begin();
        assertThat(registry.idle()).isEqualTo(1);
        assertThat(tunnel.heardNothing()).isTrue();
        caller();
        assertThat(tunnel.next().hasRequestInfo()).isTrue();
    }

    @Test
    @DisplayName("Names, buckets and first values of the metrics")
    void metricNames() {
        assertThat(routing("aborted").getCount()).isZero();
        assertThat(routing("success").getClassicBuckets().stream().map(bucket -> bucket.getUpperBound())).containsExactly(0.001, 0.004,
                0.016,
                0.064, 0.256, 1.024, 4.096, 16.384, Double.POSITIVE_INFINITY);
        assertThat(metrics.scrape("k8s_api_proxy_routing_timeout"::equals).stream()).hasSize(1);
        assertThat(timeouts()).isZero();
    }
}
