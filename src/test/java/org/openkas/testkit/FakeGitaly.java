package org.openkas.testkit;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import com.google.rpc.Code;
import io.grpc.Attributes;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerTransportFilter;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.StreamObserver;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.handler.ssl.SslContext;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.openkas.proto.entity.GitalyInfo;
import org.openkas.proto.entity.GitalyRepository;

/**
 * A Gitaly server with a real listener and real repositories. It answers the server's three calls as a Gitaly of the
 * configured {@link Version} does (chapter 02 §5.13), keeps every call with its metadata, and can be told to fail.
 *
 * <pre>{@code
 * try (FakeGitaly gitaly = FakeGitaly.onTcp()) {
 *     TestRepository project = gitaly.repository("group/project", directory.resolve("project.git"));
 *     project.commit("main", Map.of(".gitlab/agents/a/config.yaml", "..."));
 *     reader.resolve(new Repository(gitaly.info("secret"), FakeGitaly.repository("group/project")), "HEAD");
 *     gitaly.next("TreeEntry", FakeGitaly.failing(Status.UNAVAILABLE));
 * }
 * }</pre>
 */
public final class FakeGitaly implements AutoCloseable {

    /** What a missing revision or directory leads to in a tree listing. */
    public enum Version {
        /** An empty stream. */
        BEFORE_16_3,
        /** {@code INVALID_ARGUMENT} with details. */
        BEFORE_16_8,
        /** {@code NOT_FOUND} with details if recursive, else {@code INVALID_ARGUMENT} with details. */
        SINCE_16_8
    }

    /** One call that arrived. */
    public static final class Call {
        private final String method;
        private final Metadata headers;
        private final CompletableFuture<Message> request = new CompletableFuture<>();
        private final CompletableFuture<Boolean> completed = new CompletableFuture<>();
        private final AtomicInteger sent = new AtomicInteger();

        Call(String method, Metadata headers) {
            this.method = method;
            this.headers = headers;
        }

        /** Short name, such as {@code TreeEntry}. */
        public String method() {
            return method;
        }

        /** The text of a metadata entry, or an empty string. */
        public String header(String name) {
            String value = headers.get(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER));
            return value == null ? "" : value;
        }

        /** All metadata. */
        public Metadata headers() {
            return headers;
        }

        /** The request message; waits for it. */
        public <T extends Message> T request(Class<T> type) {
            return type.cast(request.join());
        }

        /** Becomes true when the call was answered to its end, false when the caller cancelled it. */
        public CompletableFuture<Boolean> completed() {
            return completed;
        }

        /** How many messages were handed to the transport. */
        public int sent() {
            return sent.get();
        }
    }

    /** A scripted answer to one call. */
    @FunctionalInterface
    public interface Answer {
        /** Answers; called on a virtual thread. */
        void to(Message request, StreamObserver<Message> out);
    }

    /** Ends the call with a status. */
    public static Answer failing(Status status) {
        return (request, out) -> out.onError(status.asRuntimeException());
    }

    /** Ends the call with a status that carries a detail. */
    public static Answer failing(Code code, String text, Message detail) {
        com.google.rpc.Status status = com.google.rpc.Status.newBuilder().setCode(code.getNumber()).setMessage(text)
                .addDetails(Any.pack(detail)).build();
        return (request, out) -> out.onError(StatusProto.toStatusRuntimeException(status));
    }

    /** Sends these messages and ends the call well. */
    public static Answer sending(Message... messages) {
        return (request, out) -> {
            for (Message message : messages) {
                out.onNext(message);
            }
            out.onCompleted();
        };
    }

    /** Sends these messages and leaves the call open. */
    public static Answer sendingAndWaiting(Message... messages) {
        return (request, out) -> {
            for (Message message : messages) {
                out.onNext(message);
            }
        };
    }

    private final Server server;
    private final String address;
    private final List<EventLoopGroup> ownGroups;
    private final List<Call> calls = new CopyOnWriteArrayList<>();
    private final Map<String, TestRepository> repositories = new ConcurrentHashMap<>();
    private final List<TestRepository> own = new CopyOnWriteArrayList<>();
    private final Map<String, Queue<Answer>> once = new ConcurrentHashMap<>();
    private final Map<String, Answer> always = new ConcurrentHashMap<>();
    private final AtomicInteger connections = new AtomicInteger();
    private volatile Version version = Version.SINCE_16_8;
    private volatile boolean oldEmptyAdvertisement;
    private volatile int chunkSize = 32 * 1024;
    private volatile String token = "";

    private FakeGitaly(NettyServerBuilder builder, String address, List<EventLoopGroup> ownGroups) {
        this.ownGroups = ownGroups;
        FakeGitalyServices services = new FakeGitalyServices(this);
        try {
            server = builder.executor(Executors.newVirtualThreadPerTaskExecutor()).permitKeepAliveTime(10, TimeUnit.SECONDS)
                    .permitKeepAliveWithoutCalls(true).intercept(new Recorder()).addService(services.commits()).addService(services.refs())
                    .addTransportFilter(new ServerTransportFilter() {
                        @Override
                        public Attributes transportReady(Attributes attributes) {
                            connections.incrementAndGet();
                            return attributes;
                        }
                    }).build().start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        this.address = address.isEmpty() ? "tcp://127.0.0.1:" + server.getPort() : address;
    }

    /** Listens on a free port of the loopback address. */
    public static FakeGitaly onTcp() {
        return on(InetAddress.getLoopbackAddress(), 0);
    }

    /** Listens on a TCP address. */
    public static FakeGitaly on(InetAddress host, int port) {
        return new FakeGitaly(NettyServerBuilder.forAddress(new InetSocketAddress(host, port)), "", List.of());
    }

    /** Listens on a free port of the loopback address with TLS; {@link #address} does not know of it. */
    public static FakeGitaly onTls(SslContext tls) {
        return new FakeGitaly(NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)).sslContext(tls), "",
                List.of());
    }

    /** Listens on a unix socket. */
    public static FakeGitaly onUnix(Path socket) {
        EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        NettyServerBuilder builder = NettyServerBuilder.forAddress(UnixDomainSocketAddress.of(socket))
                .channelType(NioServerDomainSocketChannel.class).bossEventLoopGroup(group).workerEventLoopGroup(group);
        return new FakeGitaly(builder, "unix:" + socket, List.of(group));
    }

    /** The address that GitLab would hand out. */
    public String address() {
        return address;
    }

    /** The TCP port. */
    public int port() {
        return server.getPort();
    }

    /** Access to this server with a token, which may be empty. */
    public GitalyInfo info(String withToken) {
        return GitalyInfo.newBuilder().setAddress(address).setToken(withToken).build();
    }

    /** A repository message for a project path, as GitLab would fill it. */
    public static GitalyRepository repository(String projectPath) {
        return GitalyRepository.newBuilder().setStorageName("default").setRelativePath(projectPath + ".git").setGlRepository("project-1")
                .setGlProjectPath(projectPath).build();
    }

    /** Makes a repository and serves it under a project path; closed with the server. */
    public TestRepository repository(String projectPath, Path directory) {
        TestRepository repository = TestRepository.create(directory);
        own.add(repository);
        repositories.put(projectPath + ".git", repository);
        return repository;
    }

    /** Serves an existing repository, which stays the caller's, under a project path. */
    public void serve(String projectPath, TestRepository repository) {
        repositories.put(projectPath + ".git", repository);
    }

    /** Forgets a repository. */
    public void forget(String projectPath) {
        repositories.remove(projectPath + ".git");
    }

    /** Behaves as this version from now on; {@link Version#SINCE_16_8} at first. */
    public void version(Version newVersion) {
        version = newVersion;
    }

    /** Advertises a repository without refs as Git before 2.41 does: a flush packet and nothing else. */
    public void oldEmptyAdvertisement() {
        oldEmptyAdvertisement = true;
    }

    /** Cuts data into pieces of this many bytes; 32 KiB at first. */
    public void chunkSize(int bytes) {
        chunkSize = bytes;
    }

    /** Demands a valid version 2 token made with this secret. */
    public void requireToken(String secret) {
        token = secret;
    }

    /** Answers the next call of a method (short name) this way; may be called several times. */
    public void next(String method, Answer answer) {
        once.computeIfAbsent(method, name -> new ConcurrentLinkedQueue<>()).add(answer);
    }

    /** Answers all calls of a method (short name) this way. */
    public void always(String method, Answer answer) {
        always.put(method, answer);
    }

    /** Forgets all scripted answers. */
    public void behave() {
        once.clear();
        always.clear();
    }

    /** All calls so far. */
    public List<Call> calls() {
        return List.copyOf(calls);
    }

    /** All calls of one method (short name) so far. */
    public List<Call> calls(String method) {
        return calls.stream().filter(call -> call.method().equals(method)).toList();
    }

    /** How many connections were made so far. */
    public int connections() {
        return connections.get();
    }

    Version version() {
        return version;
    }

    boolean advertisesOldEmpty() {
        return oldEmptyAdvertisement;
    }

    int chunkSize() {
        return chunkSize;
    }

    TestRepository find(org.openkas.proto.gitaly.Repository repository) {
        if (repository.equals(org.openkas.proto.gitaly.Repository.getDefaultInstance())) {
            throw Status.INVALID_ARGUMENT.withDescription("repository not set").asRuntimeException();
        }
        if (!repository.getStorageName().equals("default")) {
            throw Status.INVALID_ARGUMENT.withDescription("storage name not found").asRuntimeException();
        }
        TestRepository found = repositories.get(repository.getRelativePath());
        if (found == null) {
            throw Status.NOT_FOUND.withDescription("repository not found").asRuntimeException();
        }
        return found;
    }

    /** The scripted answer for the next call of a method, or the given one. */
    Answer answer(String method, Answer natural) {
        Queue<Answer> waiting = once.get(method);
        Answer scripted = waiting == null ? null : waiting.poll();
        return scripted == null ? always.getOrDefault(method, natural) : scripted;
    }

    /** Stops listening and drops all connections. */
    public void stop() {
        server.shutdownNow();
        try {
            server.awaitTermination(5, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        stop();
        ownGroups.forEach(group -> group.shutdownGracefully(0, 1, TimeUnit.SECONDS));
        own.forEach(TestRepository::close);
    }

    /** The lower-case hexadecimal HMAC that Gitaly expects for a time in seconds. */
    private static String signature(String secret, String time) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
            return HexFormat.of().formatHex(mac.doFinal(time.getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private Status authentication(Call call) {
        if (token.isEmpty()) {
            return Status.OK;
        }
        String[] parts = call.header("authorization").split("[ .]", -1);
        if (parts.length != 4 || !parts[0].equals("Bearer") || !parts[1].equals("v2")) {
            return Status.UNAUTHENTICATED.withDescription("authentication required");
        }
        boolean fresh = Math.abs(Instant.now().getEpochSecond() - Long.parseLong(parts[3])) <= 30;
        return fresh && signature(token, parts[3]).equals(parts[2])
                ? Status.OK
                : Status.PERMISSION_DENIED.withDescription("permission denied");
    }

    private final class Recorder implements ServerInterceptor {
        @Override
        public <I, O> ServerCall.Listener<I> interceptCall(ServerCall<I, O> call, Metadata headers, ServerCallHandler<I, O> next) {
            Call record = new Call(call.getMethodDescriptor().getBareMethodName(), headers);
            calls.add(record);
            Status authentication = authentication(record);
            if (!authentication.isOk()) {
                call.close(authentication, new Metadata());
                return new ServerCall.Listener<>() {
                };
            }
            ServerCall<I, O> counted = new SimpleForwardingServerCall<>(call) {
                @Override
                public void sendMessage(O message) {
                    record.sent.incrementAndGet();
                    super.sendMessage(message);
                }
            };
            return new SimpleForwardingServerCallListener<>(next.startCall(counted, headers)) {
                @Override
                public void onMessage(I message) {
                    record.request.complete((Message) message);
                    super.onMessage(message);
                }

                @Override
                public void onCancel() {
                    record.completed.complete(false);
                    super.onCancel();
                }

                @Override
                public void onComplete() {
                    record.completed.complete(true);
                    super.onComplete();
                }
            };
        }
    }

    /** The bytes of a pkt-line with this payload. */
    public static ByteString packet(String payload) {
        byte[] bytes = payload.getBytes(StandardCharsets.UTF_8);
        return ByteString.copyFromUtf8(String.format("%04x", bytes.length + 4)).concat(ByteString.copyFrom(bytes));
    }

    /** A flush packet. */
    public static ByteString flush() {
        return ByteString.copyFromUtf8("0000");
    }

    /** A whole advertisement of these reference lines, each {@code <id> <name>}; without lines an empty repository. */
    public static ByteString advertisement(String... lines) {
        ByteString all = packet("# service=git-upload-pack\n").concat(flush());
        for (int i = 0; i < lines.length; i++) {
            all = all.concat(packet(lines[i] + (i == 0 ? "\0agent=git/2.42 symref=HEAD:refs/heads/main\n" : "\n")));
        }
        return all.concat(flush());
    }
}
