package org.openkas.routing;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.rpc.Code;
import com.google.protobuf.ByteString;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Deadline;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.MetadataUtils;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.openkas.cluster.TrackerException;
import org.openkas.cluster.TunnelTracker;
import org.openkas.common.AgentType;
import org.openkas.proto.kas.GatewayKasResponse;
import org.openkas.reversetunnel.ReverseTunnelService;
import org.openkas.reversetunnel.TunnelRegistry;
import org.openkas.routing.FakePeers.Seen;
import org.openkas.testkit.FakeTimers;
import org.openkas.testkit.RecordedLog;

/**
 * Calls to agents whose tunnels end at other servers. Everything happens on the test's thread, and time passes only where a test
 * says so.
 */
@Timeout(60)
class RoutedCallsTest {
    private static final String OWN = "grpc://own:8155";
    private static final String X = "grpc://x:8155";
    private static final String Y = "grpc://y:8155";
    private static final String Z = "grpc://z:8155";
    private static final Metadata.Key<String> KEY = Metadata.Key.of("key1", Metadata.ASCII_STRING_MARSHALLER);

    private final FakeTimers timers = new FakeTimers();
    private final RecordedLog log = new RecordedLog();
    private final PrometheusRegistry metrics = new PrometheusRegistry();
    private final TunnelRegistry registry = new TunnelRegistry(log.log());
    private final FakePeers peers = new FakePeers();
    private final Tracker tracker = new Tracker();
    private final Gateways gateways = new Gateways(List.of(OWN), tracker, peers, () -> "signed", timers, new Random(1), Runnable::run, log.log());
    private final TunnelChannels channels = new TunnelChannels(registry, Optional.of(gateways), new RoutingMetrics(metrics), timers, Runnable::run,
            log.log());
    private Server server;
    private ManagedChannel connection;

    /** Knows what a test says, and counts questions. */
    private static final class Tracker implements TunnelTracker {
        List<String> urls = List.of();
        boolean broken;
        int questions;

        @Override
        public void register(long agentId) {
        }

        @Override
        public void unregister(long agentId) {
        }

        @Override
        public void refresh(Collection<Long> agentIds) {
        }

        @Override
        public List<String> gateways(long agentId) throws TrackerException {
            questions++;
            if (broken) {
                throw new TrackerException("no redis", new IllegalStateException());
            }
            return urls;
        }
    }

    @BeforeEach
    void start() throws Exception {
        String name = InProcessServerBuilder.generateName();
        server = InProcessServerBuilder.forName(name).directExecutor().intercept(new OpenCalls(new ManualAges()))
                .addService(new ReverseTunnelService((_, _) -> TunnelBench.agent(7), registry, timers, new Random(1), Runnable::run)).build()
                .start();
        connection = InProcessChannelBuilder.forName(name).directExecutor().build();
    }

    @AfterEach
    void stop() {
        connection.shutdownNow();
        server.shutdownNow();
        peers.close();
    }

    private ScriptedAgent localTunnel() {
        Metadata headers = new Metadata();
        headers.put(OpenCalls.TOKEN, "token");
        Channel withToken = ClientInterceptors.intercept(connection, MetadataUtils.newAttachHeadersInterceptor(headers));
        return ScriptedAgent.kubernetes(withToken);
    }

    private ScriptedCaller caller() {
        return ScriptedCaller.begin(channels.to(AgentType.AGENTK, 7));
    }

    private double routed(String status) {
        return metrics.scrape("k8s_api_proxy_routing_duration_seconds"::equals).stream()
                .flatMap(metric -> ((HistogramSnapshot) metric).getDataPoints().stream())
                .filter(point -> status.equals(point.getLabels().get("status"))).mapToLong(point -> point.getCount()).sum();
    }

    private static GatewayKasResponse header(String name, String value) {
        return GatewayKasResponse.newBuilder()
                .setHeader(GatewayKasResponse.Header.newBuilder().putMeta(name, ScriptedAgent.values(value))).build();
    }

    private static GatewayKasResponse message(String text) {
        return GatewayKasResponse.newBuilder()
                .setMessage(GatewayKasResponse.Message.newBuilder().setData(ScriptedCaller.answer(text).toByteString())).build();
    }

    private static GatewayKasResponse trailer(String name, String value) {
        return GatewayKasResponse.newBuilder()
                .setTrailer(GatewayKasResponse.Trailer.newBuilder().putMeta(name, ScriptedAgent.values(value))).build();
    }

    private static GatewayKasResponse error(int code, String text) {
        return GatewayKasResponse.newBuilder().setError(
                GatewayKasResponse.Error.newBuilder().setStatus(com.google.rpc.Status.newBuilder().setCode(code).setMessage(text))).build();
    }

    /** A call that goes through server Y. */
    private ScriptedCaller through(Seen[] seen) {
        peers.answer(Y, call -> {
            seen[0] = call;
            call.say(FakePeers.TUNNEL_READY);
        });
        tracker.urls = List.of(Y);
        return caller();
    }

    private void assertNothingLeft() {
        timers.advance(Gateways.PATIENCE.plus(GatewayUrls.PERIOD));
        assertThat(timers.pending()).as("timers").isZero();
        assertThat(registry.waiting()).as("local searches").isZero();
        assertThat(gateways.urls().polls()).as("polls").isZero();
    }

    @Test
    @DisplayName("TC-40: a tunnel of this server's is used without a question to anybody")
    void local() throws Exception {
        tracker.urls = List.of(Y);
        peers.answer(Y, call -> call.say(FakePeers.TUNNEL_READY));
        ScriptedAgent tunnel = localTunnel();
        caller();
        assertThat(tunnel.next().hasRequestInfo()).isTrue();
        assertThat(tracker.questions).isZero();
        assertThat(peers.calls).isEmpty();
        assertThat(timers.pending()).isZero();
    }

    @Test
    @DisplayName("A routed call: metadata, raw messages, half-close, answer, end; the caller is ready when the way is there")
    void whole() throws Exception {
        Seen[] seen = new Seen[1];
        peers.answer(Y, call -> {
            seen[0] = call;
            call.say(FakePeers.NO_TUNNEL);
        });
        tracker.urls = List.of(OWN, Y);
        Metadata headers = new Metadata();
        headers.put(KEY, "a");
        headers.put(KEY, "b");
        ScriptedCaller caller = ScriptedCaller.begin(channels.to(AgentType.AGENTK, 7), headers, CallOptions.DEFAULT, 1_000);
        assertThat(caller.ready).isNotDone();
        assertThat(peers.calls).hasSize(1);
        seen[0].say(FakePeers.TUNNEL_READY);
        assertThat(caller.ready).isDone();
        assertThat(seen[0].headers.getAll(KEY)).containsExactly("a", "b");
        assertThat(seen[0].headers.get(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER))).isEqualTo("Bearer signed");
        assertThat(seen[0].headers.getAll(Metadata.Key.of("kas-hop-routing-agent-id", Metadata.ASCII_STRING_MARSHALLER))).containsExactly("7");
        caller.call.sendMessage(ScriptedCaller.data("ping"));
        caller.call.halfClose();
        assertThat(seen[0].messages).extracting(bytes -> bytes.size()).first().isEqualTo(0);
        assertThat(seen[0].messages.getLast()).isEqualTo(ScriptedCaller.data("ping").toByteString());
        assertThat(seen[0].halfClosed).isTrue();
        seen[0].say(header("x-a", "1"), message("pong"), trailer("x-t", "2"));
        seen[0].end(Status.OK);
        assertThat(caller.end()).isEqualTo(Status.OK);
        assertThat(caller.header("x-a")).isEqualTo("1");
        assertThat(caller.messages).containsExactly(ScriptedCaller.answer("pong"));
        assertThat(caller.trailers.get(Metadata.Key.of("x-t", Metadata.ASCII_STRING_MARSHALLER))).isEqualTo("2");
        assertThat(routed("success")).isEqualTo(1);
        assertThat(peers.leases()).isZero();
        assertNothingLeft();
    }

    @Test
    @DisplayName("TC-16, 5.6: what an agent reports arrives, and the caller need not half-close before")
    void reported() throws Exception {
        Seen[] seen = new Seen[1];
        ScriptedCaller caller = through(seen);
        seen[0].say(header("x-a", "1"), trailer("x-t", "2"), error(Code.NOT_FOUND_VALUE, "no pod"));
        seen[0].end(Status.OK);
        assertThat(caller.end().getCode()).isEqualTo(Status.Code.NOT_FOUND);
        assertThat(caller.end().getDescription()).isEqualTo("no pod");
        assertNothingLeft();
    }

    @Test
    @DisplayName("5.6: a gateway that breaks the order, or the stream, ends the call; nothing is tried again")
    void broken() throws Exception {
        Seen[] seen = new Seen[1];
        ScriptedCaller order = through(seen);
        seen[0].say(error(Code.NOT_FOUND_VALUE, "x"));
        assertThat(order.end().getDescription()).isEqualTo("transition from 1 to 5 is not allowed. Allowed: [2]");
        assertThat(seen[0].cancelled).isTrue();
        ScriptedCaller early = caller();
        seen[0].end(Status.OK);
        assertThat(early.end().getDescription()).isEqualTo("transition from 1 to -1 is not allowed. Allowed: [2]");
        ScriptedCaller lost = caller();
        seen[0].say(header("x-a", "1"));
        seen[0].end(Status.UNAVAILABLE.withDescription("gone"));
        assertThat(lost.end().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(lost.header("x-a")).isEqualTo("1");
        ScriptedCaller invalid = caller();
        seen[0].say(GatewayKasResponse.getDefaultInstance());
        assertThat(invalid.end().getDescription()).isEqualTo("invalid server response: invalid GatewayKasResponse.Msg: value is required");
        assertThat(peers.calls).hasSize(4);
        assertThat(peers.leases()).isZero();
        assertNothingLeft();
    }

    @Test
    @DisplayName("5.6: a caller that leaves a routed call ends the stream to the gateway")
    void leaves() throws Exception {
        Seen[] seen = new Seen[1];
        ScriptedCaller caller = through(seen);
        caller.call.cancel("enough", null);
        assertThat(seen[0].cancelled).isTrue();
        assertThat(caller.end().getCode()).isEqualTo(Status.Code.CANCELLED);
        assertThat(peers.leases()).isZero();
        assertNothingLeft();
    }

    @Test
    @DisplayName("TC-41: one unreachable, one without a tunnel, one with: served after 10 ms, one start only")
    void three() {
        peers.unreachable(X);
        peers.answer(Y, call -> call.say(FakePeers.NO_TUNNEL));
        peers.answer(Z, call -> call.say(FakePeers.TUNNEL_READY));
        tracker.urls = List.of(X, Y, Z);
        ScriptedCaller caller = caller();
        assertThat(caller.ready).as("the first one is silent").isNotDone();
        timers.advance(Gateways.PATIENCE);
        assertThat(caller.ready).isDone();
        assertThat(peers.calls(Z)).singleElement().satisfies(call -> assertThat(call.started()).isTrue());
        assertThat(peers.calls(Y)).singleElement().satisfies(call -> {
            assertThat(call.started()).isFalse();
            assertThat(call.cancelled).isTrue();
        });
        assertThat(peers.leases()).as("only the one in use").isEqualTo(1);
        assertThat(tracker.questions).isEqualTo(1);
    }

    @Test
    @DisplayName("10.3: a gateway that becomes ready after another one has won is cancelled, also if this server's own tunnel won")
    void late() throws Exception {
        List<Seen> silent = new ArrayList<>();
        peers.answer(Y, silent::add);
        peers.answer(Z, silent::add);
        tracker.urls = List.of(Y, Z);
        ScriptedCaller caller = caller();
        timers.advance(Gateways.PATIENCE);
        assertThat(silent).hasSize(2);
        ScriptedAgent tunnel = localTunnel();
        assertThat(tunnel.next().hasRequestInfo()).isTrue();
        assertThat(silent).allSatisfy(call -> assertThat(call.cancelled).isTrue());
        silent.forEach(call -> call.say(FakePeers.TUNNEL_READY));
        assertThat(silent).noneMatch(Seen::started);
        assertThat(caller.ready).isDone();
        assertThat(peers.leases()).isZero();
        assertNothingLeft();
    }

    @Test
    @DisplayName("TC-43: without a tunnel anywhere the caller gets its answer after 20 s, and nobody is asked any more")
    void limit() throws Exception {
        peers.answer(Y, call -> call.say(FakePeers.NO_TUNNEL));
        tracker.urls = List.of(Y);
        ScriptedCaller caller = caller();
        timers.advance(Duration.ofMillis(19_999));
        assertThat(caller.end).isNotDone();
        timers.advance(Duration.ofMillis(1));
        assertThat(caller.end().getCode()).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
        assertThat(caller.end().getDescription()).isEqualTo("Agent connection not found. Is agent up to date and connected?");
        assertThat(peers.calls).singleElement().satisfies(call -> assertThat(call.cancelled).isTrue());
        assertNothingLeft();
    }

    @Test
    @DisplayName("TC-44: a caller that leaves ends all of its search")
    void aborted() throws Exception {
        peers.answer(Y, call -> call.say(FakePeers.NO_TUNNEL));
        peers.unreachable(X);
        tracker.urls = List.of(Y, X);
        ScriptedCaller caller = caller();
        timers.advance(Duration.ofSeconds(2));
        caller.call.cancel(null, null);
        assertThat(caller.end().getDescription()).isEqualTo("RouteToKasStreamHandler request aborted: context canceled");
        assertThat(peers.calls).allSatisfy(call -> assertThat(call.cancelled).isTrue());
        assertThat(peers.leases()).isZero();
        assertThat(routed("aborted")).isEqualTo(1);
        timers.advance(GatewayUrls.PERIOD);
        int questions = tracker.questions;
        timers.advance(Duration.ofSeconds(30));
        assertThat(tracker.questions).isEqualTo(questions);
        assertNothingLeft();
    }

    @Test
    @DisplayName("TC-45: an agent that connects elsewhere is found at the tracker's next answer")
    void comes() {
        peers.answer(Y, call -> call.say(FakePeers.TUNNEL_READY));
        ScriptedCaller caller = caller();
        timers.advance(Duration.ofSeconds(5));
        assertThat(tracker.questions).isBetween(95, 102);
        tracker.urls = List.of(Y);
        timers.advance(GatewayUrls.PERIOD);
        assertThat(caller.ready).isDone();
    }

    @Test
    @DisplayName("TC-46: a stream that ends well is opened again at once, one that fails after a pause that grows; both are one search's")
    void tryAgain() {
        tracker.urls = List.of(Y);
        peers.answer(Y, call -> {
            if (peers.calls.size() == 1) {
                call.end(Status.OK);
            } else if (peers.calls.size() < 8) {
                call.end(Status.UNAVAILABLE.withDescription("asleep"));
            } else {
                call.say(FakePeers.TUNNEL_READY);
            }
        });
        ScriptedCaller caller = caller();
        timers.advance(Duration.ZERO);
        assertThat(peers.calls).hasSize(2);
        timers.advance(Duration.ofMillis(99));
        assertThat(peers.calls).hasSize(2);
        timers.advance(Duration.ofMillis(101));
        assertThat(peers.calls).hasSize(3);
        for (int i = 0; i < 5; i++) {
            timers.advance(Duration.ofMillis(2_000));
        }
        assertThat(caller.ready).isDone();
        assertThat(log.lines("RecvMsg(GatewayKasResponse)")).hasSize(6).allSatisfy(
                line -> assertThat(line.fields()).containsEntry("agent_id", 7L).containsEntry("kas_url", Y)
                        .containsEntry("error", "rpc error: code = Unavailable desc = asleep"));
    }

    @Test
    @DisplayName("5.4: a gateway whose answer cannot be read is reported, though gRPC calls that cancelled, and asked again later")
    void unreadable() {
        tracker.urls = List.of(Y);
        peers.answer(Y, call -> call.say(ByteString.copyFromUtf8("?")));
        ScriptedCaller caller = caller();
        timers.advance(Duration.ZERO);
        timers.advance(Duration.ofSeconds(1));
        assertThat(peers.calls).hasSizeGreaterThan(1);
        assertThat(log.lines("RecvMsg(GatewayKasResponse)")).isNotEmpty().allSatisfy(line -> assertThat(
                String.valueOf(line.fields().get("error"))).startsWith("rpc error: code = Internal desc = Invalid protobuf byte sequence"));
        caller.call.cancel("enough", null);
    }

    @Test
    @DisplayName("5.4: a gateway that is no longer listed and fails is forgotten, and asked again when it is back")
    void forgotten() {
        List<Seen> seen = new ArrayList<>();
        peers.answer(Y, seen::add);
        tracker.urls = List.of(Y);
        caller();
        timers.advance(GatewayUrls.PERIOD);
        peers.answer(Z, call -> {
        });
        tracker.urls = List.of(Z);
        timers.advance(GatewayUrls.PERIOD);
        seen.getFirst().end(Status.UNAVAILABLE);
        timers.advance(Duration.ofSeconds(3));
        assertThat(seen).hasSize(1);
        tracker.urls = List.of(Y);
        timers.advance(GatewayUrls.PERIOD.plus(Gateways.PATIENCE));
        assertThat(seen).hasSize(2);
    }

    @Test
    @DisplayName("TC-47: many searches for an agent ask the tracker together")
    void together() {
        List<ScriptedCaller> callers = Stream.generate(this::caller).limit(20).toList();
        timers.advance(Duration.ofSeconds(1));
        assertThat(tracker.questions).isBetween(19, 22);
        peers.answer(Y, call -> call.say(FakePeers.TUNNEL_READY));
        tracker.urls = List.of(Y);
        timers.advance(GatewayUrls.PERIOD);
        assertThat(callers).allSatisfy(caller -> assertThat(caller.ready).isDone());
        assertThat(peers.calls).hasSize(20);
    }

    @Test
    @DisplayName("TC-48, 5.5: what was found last is used without a question, also while the tracker is broken; for some minutes")
    void remembered() throws Exception {
        Seen[] seen = new Seen[1];
        through(seen);
        tracker.broken = true;
        timers.advance(GatewayUrls.RETENTION.minusSeconds(1));
        int questions = tracker.questions;
        ScriptedCaller caller = caller();
        assertThat(caller.ready).isDone();
        assertThat(tracker.questions).isEqualTo(questions);
        timers.advance(GatewayUrls.RETENTION);
        ScriptedCaller stuck = caller();
        timers.advance(Duration.ofSeconds(1));
        assertThat(stuck.ready).isNotDone();
        assertThat(tracker.questions).isGreaterThan(questions + 5);
        assertThat(log.lines("KasUrlsByAgentId() failed")).as("a broken tracker does not fill the log").singleElement()
                .satisfies(line -> assertThat(line.fields()).containsEntry("agent_id", 7L).containsKey("error"));
    }

    @Test
    @DisplayName("5.9: a URL that cannot be called is reported, and does not hold up the others")
    void undialable() {
        tracker.urls = List.of("http://nonsense", Y);
        peers.answer(Y, call -> call.say(FakePeers.TUNNEL_READY));
        ScriptedCaller caller = caller();
        timers.advance(Gateways.PATIENCE);
        assertThat(caller.ready).isDone();
        assertThat(log.lines("Failed to dial kas")).hasSize(1);
    }

    @Test
    @DisplayName("1.2: a deadline is the caller's, told in its words; the gateway gets one too")
    void deadline() throws Exception {
        Seen[] seen = new Seen[1];
        peers.answer(Y, call -> seen[0] = call);
        tracker.urls = List.of(Y);
        ScriptedCaller caller = ScriptedCaller.begin(channels.to(AgentType.AGENTK, 7), new Metadata(),
                CallOptions.DEFAULT.withDeadline(Deadline.after(1, TimeUnit.HOURS)), 1);
        assertThat(seen[0].open()).isTrue();
        timers.advance(Duration.ofHours(1));
        assertThat(caller.end().getCode()).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
    }

    @Test
    @DisplayName("Agents of other types are looked for here only: their ids mean something else at other servers")
    void otherTypes() {
        tracker.urls = List.of(Y);
        ScriptedCaller.begin(channels.to(AgentType.RUNNER, 7));
        assertThat(tracker.questions).isZero();
        assertThat(peers.calls).isEmpty();
    }

    @RepeatedTest(200)
    @DisplayName("TC-42: whatever gateways, agents and callers do in whatever order: one way a call at most, and nothing is left")
    void interleavings(RepetitionInfo run) throws Exception {
        Random random = new Random(run.getCurrentRepetition());
        for (String url : List.of(X, Y, Z)) {
            peers.answer(url, call -> {
                if (random.nextInt(3) == 0) {
                    act(call, random);
                }
            });
        }
        tracker.urls = List.of(X, Y, Z);
        List<ScriptedCaller> callers = new ArrayList<>();
        List<ScriptedAgent> tunnels = new ArrayList<>();
        List<String> local = new ArrayList<>();
        for (int step = 0; step < 120; step++) {
            switch (random.nextInt(8)) {
                case 0 -> {
                    Metadata headers = new Metadata();
                    headers.put(KEY, "caller-" + callers.size());
                    callers.add(ScriptedCaller.begin(channels.to(AgentType.AGENTK, 7), headers, CallOptions.DEFAULT, 1_000));
                }
                case 1 -> tunnels.add(localTunnel());
                case 2 -> timers.advance(Duration.ofMillis(random.nextInt(60)));
                case 3 -> {
                    if (!callers.isEmpty() && random.nextInt(3) == 0) {
                        callers.get(random.nextInt(callers.size())).call.cancel("leaves", null);
                    }
                }
                default -> {
                    if (!peers.calls.isEmpty()) {
                        act(peers.calls.get(random.nextInt(peers.calls.size())), random);
                    }
                }
            }
            for (ScriptedAgent tunnel : List.copyOf(tunnels)) {
                if (!tunnel.heardNothing()) {
                    local.add(tunnel.next().getRequestInfo().getMetaOrThrow("key1").getValue(0));
                    tunnels.remove(tunnel);
                }
            }
            List<String> ways = new ArrayList<>(local);
            peers.calls.stream().filter(Seen::started).map(call -> call.headers.get(KEY)).forEach(ways::add);
            assertThat(ways).as("the callers that have a way after step %d", step).doesNotHaveDuplicates();
            assertThat(callers).filteredOn(caller -> caller.ready.isDone()).hasSizeLessThanOrEqualTo(ways.size());
        }
        callers.forEach(caller -> caller.call.cancel("end", null));
        assertThat(callers).allSatisfy(caller -> assertThat(caller.end).isDone());
        assertThat(peers.calls).noneMatch(Seen::open);
        assertThat(peers.leases()).isZero();
        assertNothingLeft();
    }

    @Test
    @DisplayName("TC-42: two gateways ready at the same moment, 1000 times: exactly one is started, the other one is cancelled")
    void race() throws Exception {
        List<Seen> asked = new CopyOnWriteArrayList<>();
        peers.answer(Y, asked::add);
        peers.answer(Z, asked::add);
        tracker.urls = List.of(Y, Z);
        try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
            for (int round = 0; round < 1_000; round++) {
                asked.clear();
                ScriptedCaller caller = caller();
                timers.advance(Gateways.PATIENCE);
                assertThat(asked).hasSize(2);
                CyclicBarrier together = new CyclicBarrier(2);
                List<Future<?>> said = new ArrayList<>();
                for (Seen call : asked) {
                    said.add(threads.submit(() -> {
                        together.await();
                        call.say(FakePeers.TUNNEL_READY);
                        return null;
                    }));
                }
                for (Future<?> each : said) {
                    each.get();
                }
                assertThat(asked).as("round %d", round).filteredOn(Seen::started).hasSize(1);
                assertThat(asked).as("round %d", round).filteredOn(call -> call.cancelled).hasSize(1).noneMatch(Seen::started);
                assertThat(caller.ready).isDone();
                caller.call.cancel("next", null);
            }
        }
        assertThat(peers.leases()).isZero();
    }

    private static void act(Seen call, Random random) {
        switch (random.nextInt(6)) {
            case 0 -> call.say(FakePeers.NO_TUNNEL);
            case 1, 2 -> call.say(FakePeers.TUNNEL_READY);
            case 3 -> call.end(random.nextBoolean() ? Status.OK : Status.UNAVAILABLE);
            case 4 -> call.say(message("x"));
            default -> call.say(header("a", "b"), trailer("c", "d"));
        }
    }
}
