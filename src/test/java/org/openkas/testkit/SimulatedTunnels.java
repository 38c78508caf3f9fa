package org.openkas.testkit;

import com.google.protobuf.ByteString;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ManagedChannel;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.HashMap;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import org.openkas.proto.prototool.Values;
import org.openkas.proto.reversetunnel.AgentDescriptor;
import org.openkas.proto.reversetunnel.ConnectRequest;
import org.openkas.proto.reversetunnel.ConnectResponse;
import org.openkas.proto.reversetunnel.Descriptor;
import org.openkas.proto.reversetunnel.Error;
import org.openkas.proto.reversetunnel.Header;
import org.openkas.proto.reversetunnel.Message;
import org.openkas.proto.reversetunnel.Method;
import org.openkas.proto.reversetunnel.ReverseTunnelGrpc;
import org.openkas.proto.reversetunnel.Service;
import org.openkas.proto.reversetunnel.Trailer;

/**
 * The tunnels of an agent that serves some gRPC services: keeps a number of them idle, answers what comes through them with
 * the services' handlers, and opens a new one for each that ended or became busy, as agents of 16.5 do.
 */
public final class SimulatedTunnels implements AutoCloseable {
    private static final MethodDescriptor.Marshaller<ByteString> RAW = new MethodDescriptor.Marshaller<>() {
        @Override
        public InputStream stream(ByteString value) {
            return value.newInput();
        }

        @Override
        public ByteString parse(InputStream stream) {
            try {
                return ByteString.readFrom(stream);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    };
    private static final Set<String> UNSENT = Set.of("user-agent", "content-type", "grpc-accept-encoding", "te");

    private final ReverseTunnelGrpc.ReverseTunnelStub server;
    /** Never closed: calls tell their ends on it, also late ones. */
    private final Executor executor = Thread::startVirtualThread;
    private final Server local;
    private final ManagedChannel localChannel;
    private final AgentDescriptor descriptor;
    private final Set<OneTunnel> open = ConcurrentHashMap.newKeySet();
    private final List<Status> ends = new CopyOnWriteArrayList<>();
    private final AtomicInteger served = new AtomicInteger();
    private volatile boolean closed;

    /** Opens {@code count} tunnels over {@code authorized}, which carries the agent's token. */
    public SimulatedTunnels(Channel authorized, int count, ServerServiceDefinition... services) {
        server = ReverseTunnelGrpc.newStub(authorized).withCompression("gzip").withExecutor(executor);
        String name = InProcessServerBuilder.generateName();
        InProcessServerBuilder builder = InProcessServerBuilder.forName(name).executor(executor);
        AgentDescriptor.Builder described = AgentDescriptor.newBuilder();
        for (ServerServiceDefinition service : services) {
            builder.addService(service);
            Service.Builder entry = described.addServicesBuilder().setName(service.getServiceDescriptor().getName());
            service.getMethods().forEach(
                    method -> entry.addMethods(Method.newBuilder().setName(method.getMethodDescriptor().getBareMethodName())));
        }
        descriptor = described.build();
        try {
            local = builder.build().start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        localChannel = InProcessChannelBuilder.forName(name).executor(executor).build();
        for (int i = 0; i < count; i++) {
            open();
        }
    }

    /** Opens one more. */
    public void open() {
        if (!closed) {
            OneTunnel tunnel = new OneTunnel();
            open.add(tunnel);
            // the library does not take a cancellation while a call starts
            synchronized (tunnel) {
                server.connect(tunnel);
            }
        }
    }

    /** How many requests came through. */
    public int served() {
        return served.get();
    }

    /** How many tunnels are open, idle or not. */
    public int openTunnels() {
        return open.size();
    }

    /** How tunnels ended so far. */
    public List<Status> ends() {
        return List.copyOf(ends);
    }

    @Override
    public void close() {
        closed = true;
        open.forEach(OneTunnel::cancel);
        localChannel.shutdownNow();
        local.shutdownNow();
    }

    static Map<String, Values> carried(Metadata metadata) {
        Map<String, Values> all = new HashMap<>();
        for (String name : metadata.keys()) {
            Values.Builder values = Values.newBuilder();
            if (name.endsWith(Metadata.BINARY_HEADER_SUFFIX)) {
                if (!name.startsWith("grpc-")) {
                    metadata.getAll(Metadata.Key.of(name, Metadata.BINARY_BYTE_MARSHALLER))
                            .forEach(value -> values.addValue(new String(value, StandardCharsets.UTF_8)));
                    all.put(name, values.build());
                }
            } else {
                metadata.getAll(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER)).forEach(values::addValue);
                all.put(name, values.build());
            }
        }
        return all;
    }

    private static Metadata metadata(Map<String, Values> carried) {
        Metadata all = new Metadata();
        carried.forEach((name, values) -> values.getValueList().forEach(value -> {
            if (name.endsWith(Metadata.BINARY_HEADER_SUFFIX)) {
                all.put(Metadata.Key.of(name, Metadata.BINARY_BYTE_MARSHALLER), value.getBytes(StandardCharsets.UTF_8));
            } else if (!name.startsWith(":") && !UNSENT.contains(name)) {
                all.put(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER), value);
            }
        }));
        return all;
    }

    private final class OneTunnel implements ClientResponseObserver<ConnectRequest, ConnectResponse> {
        private ClientCallStreamObserver<ConnectRequest> stream;
        private ClientCall<ByteString, ByteString> call;
        private boolean replaced;
        private boolean finished;
        private boolean described;
        private boolean held;
        private int asked;

        @Override
        public void beforeStart(ClientCallStreamObserver<ConnectRequest> requests) {
            stream = requests;
            requests.disableAutoRequestWithInitial(1);
            requests.setOnReadyHandler(this::streamReady);
        }

        private synchronized void streamReady() {
            if (!described) {
                described = true;
                stream.onNext(
                        ConnectRequest.newBuilder().setTunnelDescriptor(Descriptor.newBuilder().setAgentDescriptor(descriptor)).build());
            } else if (call != null && stream.isReady() && asked == 0) {
                asked = 1;
                call.request(1);
            }
        }

        @Override
        public void onNext(ConnectResponse message) {
            switch (message.getMsgCase()) {
                case REQUEST_INFO -> begin(message.getRequestInfo().getMethodName(), metadata(message.getRequestInfo().getMetaMap()));
                case MESSAGE -> {
                    call.sendMessage(message.getMessage().getData());
                    synchronized (this) {
                        if (!call.isReady()) {
                            held = true;
                            return;
                        }
                    }
                }
                case CLOSE_SEND -> call.halfClose();
                case MSG_NOT_SET -> throw new IllegalStateException("an empty message");
            }
            stream.request(1);
        }

        private void begin(String fullMethod, Metadata headers) {
            served.incrementAndGet();
            replace();
            var method = MethodDescriptor.<ByteString, ByteString>newBuilder().setType(MethodDescriptor.MethodType.BIDI_STREAMING)
                    .setFullMethodName(fullMethod.substring(1)).setRequestMarshaller(RAW).setResponseMarshaller(RAW).build();
            ClientCall<ByteString, ByteString> begun = localChannel.newCall(method, CallOptions.DEFAULT);
            synchronized (this) {
                call = begun;
                asked = 1;
            }
            begun.start(new Local(), headers);
            begun.request(1);
        }

        private void send(ConnectRequest message) {
            synchronized (this) {
                if (!finished) {
                    stream.onNext(message);
                }
            }
        }

        private final class Local extends ClientCall.Listener<ByteString> {
            private boolean headed;

            @Override
            public void onHeaders(Metadata headers) {
                headed = true;
                send(ConnectRequest.newBuilder().setHeader(Header.newBuilder().putAllMeta(carried(headers))).build());
            }

            @Override
            public void onMessage(ByteString message) {
                send(ConnectRequest.newBuilder().setMessage(Message.newBuilder().setData(message)).build());
                synchronized (OneTunnel.this) {
                    asked = stream.isReady() ? 1 : 0;
                    if (asked == 0) {
                        return;
                    }
                }
                call.request(1);
            }

            @Override
            public void onReady() {
                synchronized (OneTunnel.this) {
                    if (!held || !call.isReady()) {
                        return;
                    }
                    held = false;
                }
                stream.request(1);
            }

            @Override
            public void onClose(Status status, Metadata trailers) {
                if (!headed) {
                    send(ConnectRequest.newBuilder().setHeader(Header.getDefaultInstance()).build());
                }
                send(ConnectRequest.newBuilder().setTrailer(Trailer.newBuilder().putAllMeta(carried(trailers))).build());
                if (!status.isOk()) {
                    send(ConnectRequest.newBuilder()
                            .setError(Error.newBuilder().setStatus(StatusProto.fromStatusAndTrailers(status, trailers)))
                            .build());
                }
                synchronized (OneTunnel.this) {
                    if (!finished) {
                        stream.onCompleted();
                    }
                }
                stream.request(1);
            }
        }

        void cancel() {
            synchronized (this) {
                finished = true;
                if (stream != null) {
                    stream.cancel("the agent stops", null);
                }
            }
        }

        private void replace() {
            synchronized (this) {
                if (replaced) {
                    return;
                }
                replaced = true;
            }
            SimulatedTunnels.this.open();
        }

        private void ended(Status status) {
            ClientCall<ByteString, ByteString> running;
            synchronized (this) {
                finished = true;
                running = call;
            }
            open.remove(this);
            ends.add(status);
            if (running != null && !status.isOk()) {
                running.cancel("the tunnel ended", null);
            }
            if (status.isOk() || status.getCode() == Status.Code.CANCELLED) {
                replace();
            }
        }

        @Override
        public void onError(Throwable failure) {
            ended(Status.fromThrowable(failure));
        }

        @Override
        public void onCompleted() {
            ended(Status.OK);
        }
    }
}
