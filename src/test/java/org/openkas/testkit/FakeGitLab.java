package org.openkas.testkit;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2StreamFrameToHttpObjectCodec;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.ApplicationProtocolNegotiationHandler;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.File;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Base64;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.openkas.proto.entity.GitalyInfo;

/**
 * GitLab's HTTP API as far as the agent server uses it, on a free port of the loopback address. It checks the server's own
 * token ({@link #SECRET}), answers agent info from the agents it was told, takes reports with 204, records every request and
 * does as told with scripted ones. Paths in this class count from behind {@code /api/v4}; a base path in front of that does
 * not matter. Thread-safe.
 *
 * <pre>{@code
 * try (FakeGitLab gitLab = FakeGitLab.release19()) {
 *     gitLab.agent("token", 42, 7, "group/project");
 *     gitLab.next(FakeGitLab.AGENT_INFO, GitLabAnswer.status(500));
 *     ... // point the server to gitLab.address() with FakeGitLab.SECRET
 *     assertThat(gitLab.requests(FakeGitLab.AGENT_INFO)).hasSize(2);
 * }
 * }</pre>
 */
public final class FakeGitLab implements AutoCloseable {
    /** What the server signs its tokens with. */
    public static final byte[] SECRET = "0123456789abcdef0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
    /** Where GitLab 18.2 and later answer. */
    public static final String AGENT_INFO = "/internal/agents/agentk/agent_info";
    /** Where GitLab up to 18 answers. */
    public static final String OLD_AGENT_INFO = "/internal/kubernetes/agent_info";
    /** Where GitLab up to 18 tells where projects are. */
    public static final String PROJECT_INFO = "/internal/kubernetes/project_info";
    public static final String AGENT_CONFIGURATION = "/internal/kubernetes/agent_configuration";
    public static final String USAGE_METRICS = "/internal/kubernetes/usage_metrics";
    /** Where GitLab 17.1 and later take single uses. */
    public static final String AGENT_EVENTS = "/internal/kubernetes/agent_events";
    private static final Set<String> WITHOUT_SERVER_TOKEN = Set.of("/job/allowed_agents");

    private final EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final Map<String, String> agents = new ConcurrentHashMap<>();
    private final Map<String, String> projects = new ConcurrentHashMap<>();
    private final Map<String, Deque<GitLabAnswer>> next = new ConcurrentHashMap<>();
    private final Map<String, Function<GitLabRequestSeen, GitLabAnswer>> always = new ConcurrentHashMap<>();
    private final List<GitLabRequestSeen> requests = new CopyOnWriteArrayList<>();
    private final AtomicInteger connections = new AtomicInteger();
    private final AtomicInteger open = new AtomicInteger();
    private final boolean tls;
    private final Channel listener;
    private volatile boolean release16;

    private FakeGitLab(boolean release16, boolean tls, SslContext ssl) {
        this.release16 = release16;
        this.tls = tls;
        this.listener = new ServerBootstrap().group(loop).channel(NioServerSocketChannel.class)
                .childHandler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel channel) {
                        connections.incrementAndGet();
                        open.incrementAndGet();
                        channel.closeFuture().addListener(closed -> open.decrementAndGet());
                        if (ssl == null) {
                            http1(channel.pipeline());
                        } else {
                            channel.pipeline().addLast(ssl.newHandler(channel.alloc()), new Negotiated());
                        }
                    }
                }).bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)).syncUninterruptibly().channel();
    }

    private void http1(ChannelPipeline pipeline) {
        pipeline.addLast(new HttpServerCodec(), new HttpObjectAggregator(64 << 20), new FakeGitLabConnection(this));
    }

    /** Speaks what client and server agreed on. */
    private final class Negotiated extends ApplicationProtocolNegotiationHandler {
        Negotiated() {
            super(ApplicationProtocolNames.HTTP_1_1);
        }

        @Override
        protected void configurePipeline(ChannelHandlerContext context, String protocol) {
            if (protocol.equals(ApplicationProtocolNames.HTTP_1_1)) {
                http1(context.pipeline());
                return;
            }
            context.pipeline().addLast(Http2FrameCodecBuilder.forServer().build(),
                    new Http2MultiplexHandler(new ChannelInitializer<Channel>() {
                        @Override
                        protected void initChannel(Channel stream) {
                            stream.pipeline().addLast(new Http2StreamFrameToHttpObjectCodec(true), new HttpObjectAggregator(64 << 20),
                                    new FakeGitLabConnection(FakeGitLab.this));
                        }
                    }));
        }
    }

    /** A GitLab 19: the new agent info path only, agent tokens in {@code Gitlab-Agent-Api-Request} only. */
    public static FakeGitLab release19() {
        return new FakeGitLab(false, false, null);
    }

    /** A GitLab 16: the old agent info path only, agent tokens in {@code Authorization} only. */
    public static FakeGitLab release16() {
        return new FakeGitLab(true, false, null);
    }

    /** A GitLab 19 behind HTTPS (HTTP/2 or HTTP/1.1) with one of the certificates in {@code testkit}, such as {@code server.pem}. */
    public static FakeGitLab release19OverTls(String certificate) throws Exception {
        return new FakeGitLab(false, true, SslContextBuilder.forServer(file(certificate), file("server.key"))
                .applicationProtocolConfig(new ApplicationProtocolConfig(Protocol.ALPN, SelectorFailureBehavior.NO_ADVERTISE,
                        SelectedListenerFailureBehavior.ACCEPT, ApplicationProtocolNames.HTTP_2, ApplicationProtocolNames.HTTP_1_1))
                .build());
    }

    /** A file of the certificates for tests, such as {@code ca.pem}. */
    public static File file(String name) {
        return new File(URI.create(FakeGitLab.class.getResource("/testkit/" + name).toString()));
    }

    /** Where it listens, such as {@code http://127.0.0.1:4711}. */
    public URI address() {
        return URI.create((tls ? "https://localhost:" : "http://127.0.0.1:") + ((InetSocketAddress) listener.localAddress()).getPort());
    }

    /** From now on behaves as the other release. */
    public void upgradeTo19() {
        release16 = false;
    }

    /** Knows this token from now on. The repository is served at {@code tcp://gitaly.invalid:8075}. */
    public void agent(String token, long agentId, long projectId, String projectPath) {
        agent(token,
                """
                        {"project_id":%d,"agent_id":%d,"agent_name":"agent-%d","gitaly_info":{"address":"tcp://gitaly.invalid:8075","token":"gitaly-token",
                        "features":{"gitaly-feature-a":"true"}},"gitaly_repository":{"storage_name":"default","relative_path":"@hashed/%d.git",
                        "gl_repository":"project-%d","gl_project_path":"%s"},"default_branch":"main"}"""
                        .formatted(projectId, agentId, agentId, projectId,
                                projectId, projectPath));
    }

    /** Answers agent info of this token with this JSON from now on. */
    public void agent(String token, String json) {
        agents.put(token, json);
    }

    /** Tells all agents that it knows of this project, by path and by number, unless it is a release that does not tell. */
    public void project(long projectId, String path, GitalyInfo gitaly) {
        String json = """
                {"project_id":%d,"gitaly_info":{"address":"%s","token":"%s"},"gitaly_repository":{"storage_name":"default",
                "relative_path":"%s.git","gl_repository":"project-1","gl_project_path":"%4$s"},"default_branch":"main"}"""
                .formatted(projectId, gitaly.getAddress(), gitaly.getToken(), path);
        projects.put(path, json);
        projects.put(Long.toString(projectId), json);
    }

    /** The token counts no longer. */
    public void forget(String token) {
        agents.remove(token);
    }

    /** Answers the next requests for a path so, one each, before everything else. */
    public void next(String path, GitLabAnswer... answers) {
        Deque<GitLabAnswer> queue = next.computeIfAbsent(path, key -> new ArrayDeque<>());
        synchronized (queue) {
            queue.addAll(Arrays.asList(answers));
        }
    }

    /** Answers all requests for a path so, if the server's token is good or not needed there. */
    public void always(String path, Function<GitLabRequestSeen, GitLabAnswer> answer) {
        always.put(path, answer);
    }

    /** Back to the usual behaviour for a path. */
    public void asUsual(String path) {
        next.remove(path);
        always.remove(path);
    }

    /** All requests so far. */
    public List<GitLabRequestSeen> requests() {
        return List.copyOf(requests);
    }

    /** The requests for one path so far. */
    public List<GitLabRequestSeen> requests(String path) {
        return requests.stream().filter(request -> apiPath(request).equals(path)).toList();
    }

    /** How many connections were accepted so far. */
    public int connections() {
        return connections.get();
    }

    /** How many connections are open now. */
    public int openConnections() {
        return open.get();
    }

    /** Closes the listener and all connections; a second time does nothing. */
    @Override
    public void close() {
        if (loop.isShuttingDown()) {
            return;
        }
        listener.close().syncUninterruptibly();
        loop.shutdownGracefully(0, 1, java.util.concurrent.TimeUnit.SECONDS).syncUninterruptibly();
    }

    GitLabAnswer answer(GitLabRequestSeen request) {
        requests.add(request);
        String path = apiPath(request);
        Deque<GitLabAnswer> queue = next.getOrDefault(path, new ArrayDeque<>());
        synchronized (queue) {
            if (!queue.isEmpty()) {
                return queue.removeFirst();
            }
        }
        if (!WITHOUT_SERVER_TOKEN.contains(path) && !serverTokenIsGood(request.header("Gitlab-Kas-Api-Request"))) {
            return GitLabAnswer.json(401, "{\"message\":\"KAS JWT authentication invalid\"}");
        }
        Function<GitLabRequestSeen, GitLabAnswer> scripted = always.get(path);
        if (scripted != null) {
            return scripted.apply(request);
        }
        return switch (path) {
            case AGENT_INFO ->
                release16 ? notFound() : agentInfo(request.header("Gitlab-Agent-Api-Request"), request.header("Authorization").isEmpty());
            case OLD_AGENT_INFO -> release16
                    ? agentInfo(request.header("Authorization").replaceFirst("^Bearer ", ""), true)
                    : notFound();
            case PROJECT_INFO -> release16 ? projectInfo(request) : notFound();
            case AGENT_CONFIGURATION, USAGE_METRICS -> GitLabAnswer.status(204);
            case AGENT_EVENTS -> release16 ? notFound() : GitLabAnswer.status(204);
            default -> notFound();
        };
    }

    private GitLabAnswer agentInfo(String token, boolean acceptable) {
        String json = agents.get(token);
        return json == null || !acceptable ? GitLabAnswer.json(401, "{\"message\":\"401 Unauthorized\"}") : GitLabAnswer.json(200, json);
    }

    private GitLabAnswer projectInfo(GitLabRequestSeen request) {
        if (!agents.containsKey(request.header("Authorization").replaceFirst("^Bearer ", ""))) {
            return GitLabAnswer.json(401, "{\"message\":\"401 Unauthorized\"}");
        }
        String id = URLDecoder.decode(request.query().replaceFirst("^id=", ""), StandardCharsets.UTF_8);
        String json = projects.get(id);
        return json == null ? GitLabAnswer.json(404, "{\"message\":\"404 Project Not Found\"}") : GitLabAnswer.json(200, json);
    }

    private static GitLabAnswer notFound() {
        return GitLabAnswer.json(404, "{\"error\":\"404 Not Found\"}");
    }

    private static String apiPath(GitLabRequestSeen request) {
        int api = request.path().indexOf("/api/v4/");
        return api < 0 ? request.path() : request.path().substring(api + "/api/v4".length());
    }

    /** Verified here with the JDK alone, so that the fake does not believe what the server's own classes believe. */
    private static boolean serverTokenIsGood(String token) {
        String[] parts = token.split("\\.");
        if (parts.length != 3) {
            return false;
        }
        try {
            javax.crypto.Mac mac = javax.crypto.Mac.getInstance("HmacSHA256");
            mac.init(new javax.crypto.spec.SecretKeySpec(SECRET, "HmacSHA256"));
            byte[] signature = mac.doFinal((parts[0] + "." + parts[1]).getBytes(StandardCharsets.US_ASCII));
            com.fasterxml.jackson.databind.JsonNode claims = new com.fasterxml.jackson.databind.ObjectMapper()
                    .readTree(Base64.getUrlDecoder().decode(parts[1]));
            long now = Instant.now().getEpochSecond();
            return Arrays.equals(signature, Base64.getUrlDecoder().decode(parts[2])) && claims.path("iss").asText().equals("gitlab-kas")
                    && claims.path("aud").toString().equals("[\"gitlab\"]") && claims.path("nbf").asLong() <= now
                    && now < claims.path("exp").asLong();
        } catch (java.io.IOException | java.security.GeneralSecurityException | IllegalArgumentException e) {
            return false;
        }
    }
}
