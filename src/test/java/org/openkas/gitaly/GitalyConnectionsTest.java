package org.openkas.gitaly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.grpc.netty.GrpcSslContexts;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2PingFrame;
import io.netty.handler.ssl.SslContext;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openkas.common.BuildInfo;
import org.openkas.common.SystemTimers;
import org.openkas.proto.entity.GitalyInfo;
import org.openkas.repository.Repository;
import org.openkas.repository.RepositoryException;
import org.openkas.repository.Resolution;
import org.openkas.testkit.FakeGitaly;
import org.openkas.testkit.TestRepository;

/** How the reader connects. */
class GitalyConnectionsTest {
    @TempDir
    Path temporary;
    private final SystemTimers timers = new SystemTimers(Executors.newVirtualThreadPerTaskExecutor());
    private Map<String, String> environment = Map.of();
    private HostLookup lookup = HostLookup.SYSTEM;
    private Duration keepAlive = Duration.ofSeconds(20);

    @AfterEach
    void close() {
        timers.close();
    }

    private GitalyRepositoryReader reader() {
        ChannelSettings settings = new ChannelSettings(BuildInfo.UNKNOWN, keepAlive, Duration.ofHours(1), List.of());
        return new GitalyRepositoryReader(new RateLimits(10_000, 10_000, 10_000, 10_000), settings, timers, RateLimitObserver.NONE,
                new ChannelFactory(settings, new SystemTrust(environment), lookup, timers, new Random(1)));
    }

    private static Repository at(String address) {
        return new Repository(GitalyInfo.newBuilder().setAddress(address).build(), FakeGitaly.repository("group/project"));
    }

    private static void resolvesEmpty(GitalyRepositoryReader reader, String address) throws Exception {
        assertThat(reader.resolve(at(address), "HEAD")).isEqualTo(new Resolution.Empty());
    }

    @Test
    @DisplayName("GB-42 tcp, dns and unix addresses connect")
    void plainAddresses() throws Exception {
        Path socket = Files.createTempDirectory("g").resolve("g.sock");
        try (TestRepository project = TestRepository.create(temporary.resolve("p.git"));
                FakeGitaly tcp = FakeGitaly.onTcp();
                FakeGitaly unix = FakeGitaly.onUnix(socket);
                GitalyRepositoryReader reader = reader()) {
            tcp.serve("group/project", project);
            unix.serve("group/project", project);
            resolvesEmpty(reader, "tcp://127.0.0.1:" + tcp.port());
            resolvesEmpty(reader, "tcp://localhost:" + tcp.port());
            resolvesEmpty(reader, "dns:///localhost:" + tcp.port());
            resolvesEmpty(reader, "dns:127.0.0.1:" + tcp.port());
            resolvesEmpty(reader, "unix:" + socket);
            resolvesEmpty(reader, "unix://" + socket);
            assertThat(unix.calls()).hasSize(2);
        }
        Files.deleteIfExists(socket);
        Files.delete(socket.getParent());
    }

    @Test
    @DisplayName("GB-42 a tls address is trusted by the system's authorities alone")
    void tls() throws Exception {
        Path store = temporary.resolve("server.p12");
        Path keytool = Path.of(System.getProperty("java.home"), "bin", "keytool");
        run(keytool.toString(), "-genkeypair", "-alias", "s", "-keyalg", "EC", "-dname", "CN=gitaly", "-ext", "SAN=DNS:localhost",
                "-keystore",
                store.toString(), "-storepass", "changeit", "-storetype", "PKCS12", "-validity", "2");
        Path authority = temporary.resolve("authority.pem");
        run(keytool.toString(), "-exportcert", "-rfc", "-alias", "s", "-keystore", store.toString(), "-storepass", "changeit", "-file",
                authority.toString());
        java.security.KeyStore keys = java.security.KeyStore.getInstance(store.toFile(), "changeit".toCharArray());
        javax.net.ssl.KeyManagerFactory managers = javax.net.ssl.KeyManagerFactory.getInstance("PKIX");
        managers.init(keys, "changeit".toCharArray());
        SslContext context = GrpcSslContexts.configure(io.netty.handler.ssl.SslContextBuilder.forServer(managers)).build();
        try (TestRepository project = TestRepository.create(temporary.resolve("p.git")); FakeGitaly gitaly = FakeGitaly.onTls(context)) {
            gitaly.serve("group/project", project);
            String address = "tls://localhost:" + gitaly.port();
            try (GitalyRepositoryReader reader = reader()) {
                assertThatThrownBy(() -> reader.resolve(at(address), "HEAD")).isInstanceOf(RepositoryException.class)
                        .hasMessageStartingWith("RpcError: InfoRefsUploadPack: RPC failed: rpc error: code = Unavailable desc = ")
                        .hasMessageContaining("certification path");
            }
            environment = Map.of("SSL_CERT_FILE", authority.toString(), "SSL_CERT_DIR", temporary.resolve("none").toString());
            try (GitalyRepositoryReader reader = reader()) {
                resolvesEmpty(reader, address);
                assertThatThrownBy(() -> reader.resolve(at("tls://127.0.0.1:" + gitaly.port()), "HEAD"))
                        .hasMessageContaining("Unavailable");
            }
            Path directory = Files.createDirectory(temporary.resolve("certs"));
            Files.copy(authority, directory.resolve("a.pem"));
            Files.writeString(directory.resolve("b.pem"), "-----BEGIN CERTIFICATE-----\nbm9uc2Vuc2U=\n-----END CERTIFICATE-----\n");
            environment = Map.of("SSL_CERT_FILE", "/none", "SSL_CERT_DIR", "/none:" + directory);
            try (GitalyRepositoryReader reader = reader()) {
                resolvesEmpty(reader, address);
            }
        }
    }

    private static void run(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
    }

    @Test
    @DisplayName("GB-43 equal address and token share a connection, another token has its own")
    void sharesConnections() throws Exception {
        try (FakeGitaly gitaly = FakeGitaly.onTcp(); GitalyRepositoryReader reader = reader()) {
            gitaly.repository("group/project", temporary.resolve("p.git"));
            for (int i = 0; i < 3; i++) {
                GitalyInfo access = gitaly.info("secret").toBuilder().putFeatures("gitaly-feature-x", "" + i).build();
                reader.resolve(new Repository(access, FakeGitaly.repository("group/project")), "HEAD");
            }
            assertThat(gitaly.connections()).isEqualTo(1);
            reader.resolve(new Repository(gitaly.info("other"), FakeGitaly.repository("group/project")), "HEAD");
            assertThat(gitaly.connections()).isEqualTo(2);
        }
    }

    @Test
    @DisplayName("GB-44 calls alternate between the addresses of a dns address, and follow when they change")
    void balances() throws Exception {
        InetAddress firstHost = InetAddress.ofLiteral("127.0.0.1");
        InetAddress secondHost = InetAddress.ofLiteral("127.0.0.2");
        try (TestRepository project = TestRepository.create(temporary.resolve("p.git"));
                FakeGitaly first = FakeGitaly.on(firstHost, 0);
                FakeGitaly second = FakeGitaly.on(secondHost, first.port())) {
            first.serve("group/project", project);
            second.serve("group/project", project);
            List<List<InetAddress>> records = new java.util.concurrent.CopyOnWriteArrayList<>(List.of(List.of(firstHost, secondHost)));
            lookup = host -> records.getLast();
            String address = "dns:///gitaly.example:" + first.port();
            try (GitalyRepositoryReader reader = reader()) {
                await().until(() -> {
                    resolvesEmpty(reader, address);
                    return !first.calls().isEmpty() && !second.calls().isEmpty();
                });
                int before = first.calls().size() - second.calls().size();
                for (int i = 0; i < 10; i++) {
                    resolvesEmpty(reader, address);
                }
                assertThat(first.calls().size() - second.calls().size()).isEqualTo(before);
                records.add(List.of(secondHost));
                first.stop();
                await().until(() -> {
                    resolvesEmpty(reader, address);
                    return true;
                });
                resolvesEmpty(reader, address);
            }
        }
    }

    @Test
    @DisplayName("GB-43 an idle connection is pinged (10 s here, the library's least; 20 s in production)")
    void pings() throws Exception {
        keepAlive = Duration.ofSeconds(10);
        AtomicInteger pings = new AtomicInteger();
        EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        Channel server = new ServerBootstrap().group(group).channel(NioServerSocketChannel.class)
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline().addLast(Http2FrameCodecBuilder.forServer().build(), new ChannelInboundHandlerAdapter() {
                            @Override
                            public void channelRead(ChannelHandlerContext context, Object frame) {
                                if (frame instanceof Http2PingFrame ping && !ping.ack()) {
                                    pings.incrementAndGet();
                                } else if (frame instanceof Http2HeadersFrame headers) {
                                    DefaultHttp2Headers answer = new DefaultHttp2Headers();
                                    answer.status("200").set("content-type", "application/grpc").set("grpc-status", "5");
                                    context.writeAndFlush(new DefaultHttp2HeadersFrame(answer, true).stream(headers.stream()));
                                }
                                io.netty.util.ReferenceCountUtil.release(frame);
                            }
                        });
                    }
                }).bind("127.0.0.1", 0).sync().channel();
        try (GitalyRepositoryReader reader = reader()) {
            String address = "tcp://127.0.0.1:" + ((InetSocketAddress) server.localAddress()).getPort();
            assertThatThrownBy(() -> reader.resolve(at(address), "HEAD")).hasMessageContaining("code = NotFound");
            pings.set(0);
            await().atLeast(Duration.ofSeconds(8)).atMost(Duration.ofSeconds(20)).until(() -> pings.get() == 1);
        } finally {
            server.close().sync();
            group.shutdownGracefully(0, 1, TimeUnit.SECONDS);
        }
    }
}
