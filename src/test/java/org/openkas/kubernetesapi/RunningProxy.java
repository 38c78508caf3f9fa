package org.openkas.kubernetesapi;

import io.grpc.Channel;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.LongFunction;
import org.openkas.common.Timers;
import org.openkas.kubernetesaccess.Access;
import org.openkas.kubernetesaccess.AgentAccess;
import org.openkas.kubernetesaccess.Credential;
import org.openkas.kubernetesaccess.WebSocketTokens;
import org.openkas.net.EventLoops;
import org.openkas.net.ListenAddress;
import org.openkas.net.Network;
import org.openkas.net.Security;
import org.openkas.testkit.FakeTimers;
import org.openkas.testkit.InProcess;
import org.openkas.testkit.KubernetesAgent;
import org.openkas.testkit.RawPeer;
import org.openkas.testkit.RecordedLog;
import org.openkas.tracing.Tracer;
import org.openkas.usage.MemoryUsageCounters;
import org.openkas.usage.MemoryUsageEvents;

/** The listener in front of one agent, on a free port. Everybody may reach agent 123 as the agent itself unless told otherwise. */
final class RunningProxy implements AutoCloseable {
    static final String NAME = "gitlab-kas/v16.5.0/3cd2bb7a";
    static final String VIA = "gRPC/1.0 " + NAME;
    static final String ORIGIN = "https://gitlab.example";
    static final String TOKEN = "Host: kas.test\r\nAuthorization: Bearer pat:123:glpat-x\r\n";

    final KubernetesAgent agent = new KubernetesAgent();
    final RecordedLog log = new RecordedLog();
    final FakeTimers timers = new FakeTimers();
    final MemoryUsageCounters usage = new MemoryUsageCounters();
    final MemoryUsageEvents events = new MemoryUsageEvents(timers);
    final PrometheusRegistry metrics = new PrometheusRegistry();
    final KubernetesApiServer server;
    private final InProcess agentServer = new InProcess(agent);
    private final EventLoops loops = new EventLoops(2);
    private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();

    /** How a proxy differs from the usual. */
    static final class Setup {
        private String prefix = "/";
        private Optional<String> origin = Optional.of(ORIGIN);
        private List<String> extra = List.of();
        private Security security = new Security.Plain();
        private Optional<AgentAccess> access = Optional.empty();
        private Optional<WebSocketTokens> tokens = Optional.empty();
        private Optional<LongFunction<Channel>> agents = Optional.empty();
        private Optional<Timers> timers = Optional.empty();
        private Optional<Tracer> tracer = Optional.empty();
        private Duration listenGrace = Duration.ofSeconds(5);

        Setup prefix(String value) {
            prefix = value;
            return this;
        }

        Setup noOrigin() {
            origin = Optional.empty();
            return this;
        }

        Setup extra(String... names) {
            extra = List.of(names);
            return this;
        }

        Setup security(Security value) {
            security = value;
            return this;
        }

        Setup access(AgentAccess value) {
            access = Optional.of(value);
            return this;
        }

        Setup tokens(WebSocketTokens value) {
            tokens = Optional.of(value);
            return this;
        }

        Setup agents(LongFunction<Channel> value) {
            agents = Optional.of(value);
            return this;
        }

        Setup timers(Timers value) {
            timers = Optional.of(value);
            return this;
        }

        Setup tracer(Tracer value) {
            tracer = Optional.of(value);
            return this;
        }

        Setup listenGrace(Duration value) {
            listenGrace = value;
            return this;
        }

        RunningProxy start() throws Exception {
            return new RunningProxy(this);
        }
    }

    static Setup setup() {
        return new Setup();
    }

    private RunningProxy(Setup setup) throws Exception {
        ProxySettings settings = new ProxySettings(new ListenAddress(Network.TCP, "127.0.0.1:0"), setup.security, setup.prefix,
                setup.origin,
                setup.extra, setup.listenGrace, Duration.ofHours(1));
        server = new KubernetesApiServer(settings, NAME, setup.access.orElse(new Everybody()), setup.tokens,
                setup.agents.orElse(id -> agentServer.channel()), new AccessUsage(usage, events), new RequestMetrics(metrics), loops, setup.timers.orElse(timers),
                executor, log.log(), setup.tracer);
        server.start();
    }

    private static final class Everybody implements AgentAccess {
        @Override
        public Access access(Credential credential) {
            return new Access(credential.agentId(), Optional.empty(), credential.kind(), 1, 2);
        }

        @Override
        public Optional<Access> known(Credential credential) {
            return Optional.empty();
        }
    }

    /** Of each open connection, how many bytes wait in the server for its client. */
    List<Long> waitingBytes() {
        return server.connections().stream().map(channel -> {
            var buffer = channel.unsafe().outboundBuffer();
            return buffer == null ? 0L : buffer.totalPendingWriteBytes();
        }).toList();
    }

    int port() {
        return server.bound().port();
    }

    RawPeer peer() throws IOException {
        return RawPeer.plain(port());
    }

    /** A complete answer. */
    record Answer(String head, String body) {
        int status() {
            return Integer.parseInt(head.substring(9, 12));
        }

        /** All values of a header joined by {@code |}; empty if absent. */
        String header(String name) {
            return String.join("|", head.lines().filter(line -> line.toLowerCase(java.util.Locale.ROOT)
                    .startsWith(name.toLowerCase(java.util.Locale.ROOT) + ": ")).map(line -> line.substring(name.length() + 2)).toList());
        }
    }

    /** One request on a connection of its own. */
    Answer ask(String request) throws IOException {
        try (RawPeer peer = peer()) {
            peer.send(request);
            return answer(peer, request.startsWith("HEAD"));
        }
    }

    /** {@code GET} with a good token and further lines. */
    Answer get(String path, String... lines) throws IOException {
        StringBuilder request = new StringBuilder("GET " + path + " HTTP/1.1\r\n" + TOKEN);
        for (String line : lines) {
            request.append(line).append("\r\n");
        }
        return ask(request.append("\r\n").toString());
    }

    static Answer answer(RawPeer peer, boolean bodiless) throws IOException {
        String head = peer.readHead();
        Answer answer = new Answer(head, "");
        if (bodiless) {
            return answer;
        }
        if (answer.header("Transfer-Encoding").equals("chunked")) {
            return new Answer(head, chunked(peer));
        }
        String length = answer.header("Content-Length");
        return new Answer(head, length.isEmpty() ? "" : peer.readText(Integer.parseInt(length)));
    }

    private static String chunked(RawPeer peer) throws IOException {
        StringBuilder body = new StringBuilder();
        while (true) {
            String chunk = chunk(peer);
            if (chunk.isEmpty()) {
                return body.toString();
            }
            body.append(chunk);
        }
    }

    /** The next chunk of a body; empty at its end. */
    static String chunk(RawPeer peer) throws IOException {
        int size = Integer.parseInt(line(peer), 16);
        String text = peer.readText(size);
        line(peer);
        return text;
    }

    private static String line(RawPeer peer) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        while (true) {
            String next = peer.readText(1);
            if (next.isEmpty()) {
                throw new IOException("the connection ended");
            }
            if (next.equals("\n")) {
                return line.toString(StandardCharsets.UTF_8).strip();
            }
            line.writeBytes(next.getBytes(StandardCharsets.UTF_8));
        }
    }

    @Override
    public void close() {
        server.close();
        agentServer.close();
        executor.shutdownNow();
        loops.close();
    }
}
