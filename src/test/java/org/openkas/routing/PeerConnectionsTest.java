package org.openkas.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.common.util.concurrent.ListenableFuture;
import com.google.protobuf.ByteString;
import com.google.protobuf.BytesValue;
import io.grpc.CallOptions;
import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ClientCalls;
import io.netty.channel.unix.DomainSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.openkas.common.LogLevel;
import org.openkas.net.EventLoops;
import org.openkas.net.Network;
import org.openkas.testkit.AgentServices;
import org.openkas.testkit.FakeTimers;
import org.openkas.testkit.FreePorts;
import org.openkas.testkit.RecordedLog;
import org.openkas.testkit.Threads;

/** The pool of connections to other servers. */
@Timeout(60)
class PeerConnectionsTest {
    private static final String UNREACHABLE = "A server of the cluster cannot be reached";
    private static final String REACHED = "A server of the cluster is reached again";

    @TempDir
    Path directory;

    private final Threads threads = new Threads();
    private final FakeTimers timers = new FakeTimers();
    private final RecordedLog log = new RecordedLog();
    private final PeerConnections connections = connections(threads.loops());

    private PeerConnections connections(EventLoops loops) {
        return new PeerConnections(PeerSettings.standard("gitlab-kas/v1/abc", () -> {
            throw new AssertionError("no TLS here");
        }, Optional.empty(), List.of(), loops, threads.executor()), timers, log.log());
    }

    @AfterEach
    void stop() {
        connections.close();
        threads.close();
    }

    private static NettyServerBuilder services(NettyServerBuilder builder) {
        new AgentServices().all().forEach(builder::addService);
        return builder;
    }

    private static void call(Peers.Lease lease) {
        BytesValue sent = BytesValue.of(ByteString.copyFromUtf8("x"));
        assertThat(ClientCalls.blockingUnaryCall(lease.channel(), AgentServices.ECHO, CallOptions.DEFAULT.withWaitForReady(), sent))
                .isEqualTo(sent);
    }

    @Test
    @DisplayName("5.9: one connection a URL, shared; closed when nobody has used it for an hour and somebody gives one back")
    void pool() throws Exception {
        int port = FreePorts.some(1).getFirst();
        Server server = services(NettyServerBuilder.forPort(port, InsecureServerCredentials.create())).build().start();
        try {
            String url = "grpc://127.0.0.1:" + port;
            Peers.Lease one = connections.lease(url);
            Peers.Lease other = connections.lease(url);
            Peers.Lease elsewhere = connections.lease("grpc://localhost:" + port);
            assertThat(connections.open()).isEqualTo(2);
            assertThat(one.channel()).isSameAs(other.channel());
            call(one);
            call(other);
            call(elsewhere);
            one.release();
            one.release();
            timers.advance(Duration.ofHours(2));
            elsewhere.release();
            assertThat(connections.open()).as("one is in use, the other one was until now").isEqualTo(2);
            other.release();
            timers.advance(Duration.ofHours(1));
            Peers.Lease third = connections.lease(url);
            third.release();
            assertThat(connections.open()).isEqualTo(1);
            assertThat(log.lines("Closed idle pool connection")).singleElement()
                    .satisfies(line -> assertThat(line.fields()).containsEntry("pool_conn_url", "grpc://localhost:" + port));
        } finally {
            server.shutdownNow();
        }
    }

    @Test
    @DisplayName("5.9: at the end connections in use are told of")
    void end() throws Exception {
        connections.lease("grpc://127.0.0.1:1");
        connections.close();
        assertThat(log.lines("Closing pool connection that is being used by 1 callers")).hasSize(1);
        assertThatThrownBy(() -> connections.lease("grpc://127.0.0.1:1")).isInstanceOf(PeerUrlException.class);
        assertThat(connections.open()).isZero();
    }

    @Test
    @DisplayName("5.9: unix sockets, with and without epoll")
    void unix() throws Exception {
        for (boolean epoll : List.of(true, false)) {
            Path socket = directory.resolve("kas" + epoll);
            try (EventLoops loops = new EventLoops(1, epoll); PeerConnections own = connections(loops)) {
                Server server = services(NettyServerBuilder.forAddress(loops.suited(new DomainSocketAddress(socket.toString())))
                        .channelFactory(loops.serverChannels(Network.UNIX)).bossEventLoopGroup(loops.group()).workerEventLoopGroup(loops.group())
                        .withChildOption(io.netty.channel.ChannelOption.SO_KEEPALIVE, null))
                        .build().start();
                Peers.Lease lease = own.lease("unix://" + socket);
                call(lease);
                lease.release();
                server.shutdownNow();
            }
        }
    }

    @Test
    @DisplayName("5.4: a server that cannot be reached is a warning with a remedy, once a minute at most; and a line when it is reached")
    void unreachable() throws Exception {
        int port = FreePorts.some(1).getFirst();
        String url = "grpc://127.0.0.1:" + port;
        Peers.Lease lease = connections.lease(url);
        ListenableFuture<BytesValue> answer = ClientCalls.futureUnaryCall(
                lease.channel().newCall(AgentServices.ECHO, CallOptions.DEFAULT.withWaitForReady()), BytesValue.getDefaultInstance());
        await().until(() -> !log.lines(UNREACHABLE).isEmpty());
        assertThat(log.lines(UNREACHABLE)).singleElement().satisfies(line -> {
            assertThat(line.level()).isEqualTo(LogLevel.WARN);
            assertThat(line.fields()).containsEntry("kas_url", url).containsKey("remedy");
            assertThat(line.fields().get("error").toString()).startsWith("rpc error: code = Unavailable desc = ")
                    .contains("Connection refused");
        });
        failAgain(url);
        assertThat(log.lines(UNREACHABLE)).hasSize(1);
        timers.advance(Duration.ofMinutes(1));
        await().until(() -> {
            failAgain(url);
            return log.lines(UNREACHABLE).size() == 2;
        });
        assertThat(answer).isNotDone();
        assertThat(log.lines(REACHED)).isEmpty();
        Server server = services(NettyServerBuilder.forPort(port, InsecureServerCredentials.create())).build().start();
        try {
            await().until(() -> {
                failAgain(url);
                return answer.isDone();
            });
            assertThat(log.lines(REACHED)).singleElement()
                    .satisfies(line -> assertThat(line.fields()).containsEntry("kas_url", url));
        } finally {
            server.shutdownNow();
        }
    }

    /** Somebody needs the server, so that it is tried again. */
    private void failAgain(String url) throws Exception {
        timers.advance(Duration.ofSeconds(1));
        connections.lease(url).release();
    }

    @ParameterizedTest
    @DisplayName("5.9: the parts of a URL, and what is no URL of a server")
    @CsvSource({"grpc://kas,kas:80,false", "grpcs://kas,kas:443,true", "grpc://10.0.0.1:8155,10.0.0.1:8155,false",
            "grpcs://[2001:db8::1]:911,[2001:db8::1]:911,true", "grpc://[::1],[::1]:80,false"})
    void remote(String url, String authority, boolean tls) throws Exception {
        assertThat(PeerUrl.parse(url)).isEqualTo(new PeerUrl.Remote(authority, tls));
    }

    @ParameterizedTest
    @CsvSource({"http://kas:80,unsupported URL scheme in http://kas:80", "kas,unsupported URL scheme in kas",
            "unix://name,the path of a socket is absolute", "grpc://:8155,no host", "grpc://a b,Illegal character"})
    void noUrl(String url, String text) {
        assertThatThrownBy(() -> PeerUrl.parse(url)).isInstanceOf(PeerUrlException.class).hasMessageContaining(text);
    }
}
