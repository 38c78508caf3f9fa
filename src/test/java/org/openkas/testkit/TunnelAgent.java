package org.openkas.testkit;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.ManagedChannel;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.openkas.proto.grpctool.HttpRequest;
import org.openkas.proto.grpctool.HttpResponse;
import org.openkas.proto.prototool.Values;
import org.openkas.proto.reversetunnel.AgentDescriptor;
import org.openkas.proto.reversetunnel.ConnectRequest;
import org.openkas.proto.reversetunnel.ConnectResponse;
import org.openkas.proto.reversetunnel.Descriptor;
import org.openkas.proto.reversetunnel.Header;
import org.openkas.proto.reversetunnel.Message;
import org.openkas.proto.reversetunnel.Method;
import org.openkas.proto.reversetunnel.ReverseTunnelGrpc;
import org.openkas.proto.reversetunnel.Service;
import org.openkas.proto.reversetunnel.Trailer;

/**
 * An agent that costs as little as it can: keeps a number of tunnels idle and answers requests itself, without a cluster. The
 * path says how: {@code /small} is 1 KiB, {@code /bytes} flows until the client goes, {@code /sink} takes a body and answers,
 * {@code /watch} stays open and gets what {@link #event} sends. Thread-safe.
 */
public final class TunnelAgent implements AutoCloseable {
    /** Length of what {@link #event} sends, without the answer's framing. */
    public static final int EVENT_BYTES = 512;
    private static final int PART = 32 << 10;
    private static final ConnectRequest NO_METADATA = ConnectRequest.newBuilder().setHeader(Header.getDefaultInstance()).build();
    private static final ConnectRequest END = message(
            HttpResponse.newBuilder().setTrailer(HttpResponse.Trailer.getDefaultInstance()).build());
    private static final ConnectRequest CALL_END = ConnectRequest.newBuilder().setTrailer(Trailer.getDefaultInstance()).build();
    private static final ConnectRequest SMALL = data(1 << 10);
    private static final ConnectRequest LARGE = data(PART);
    private static final ConnectRequest EVENT = data(EVENT_BYTES);
    private static final ConnectRequest HEAD = head("");
    private static final ConnectRequest SMALL_HEAD = head("1024");

    private final ManagedChannel channel;
    private final ReverseTunnelGrpc.ReverseTunnelStub server;
    private final AgentDescriptor descriptor = AgentDescriptor.newBuilder()
            .addServices(Service.newBuilder().setName("gitlab.agent.kubernetes_api.rpc.KubernetesApi")
                    .addMethods(Method.newBuilder().setName("MakeRequest")))
            .build();
    private final Set<Tunnel> watches = ConcurrentHashMap.newKeySet();
    private final AtomicInteger open = new AtomicInteger();
    private volatile boolean closed;

    /** Opens {@code tunnels}; the channel is closed with this agent. */
    public TunnelAgent(ManagedChannel channel, String token, int tunnels) {
        this.channel = channel;
        server = ReverseTunnelGrpc.newStub(channel).withCallCredentials(ConfiguredAgent.bearer(token)).withWaitForReady();
        for (int i = 0; i < tunnels; i++) {
            open();
        }
    }

    /** Sends one event to every watch; returns how many there are. */
    public int event() {
        watches.forEach(tunnel -> tunnel.send(EVENT));
        return watches.size();
    }

    private void open() {
        if (!closed) {
            open.incrementAndGet();
            server.connect(new Tunnel());
        }
    }

    /** Tunnels that are asked for, idle or busy. */
    public int openTunnels() {
        return open.get();
    }

    @Override
    public void close() {
        closed = true;
        channel.shutdownNow();
    }

    private static ConnectRequest message(HttpResponse response) {
        return ConnectRequest.newBuilder().setMessage(Message.newBuilder().setData(response.toByteString())).build();
    }

    private static ConnectRequest data(int size) {
        return message(
                HttpResponse.newBuilder().setData(HttpResponse.Data.newBuilder().setData(ByteString.copyFrom(new byte[size]))).build());
    }

    private static ConnectRequest head(String length) {
        var response = org.openkas.proto.prototool.HttpResponse.newBuilder().setStatusCode(200).setStatus("200 OK")
                .putHeader("Content-Type", Values.newBuilder().addValue("application/json").build());
        if (!length.isEmpty()) {
            response.putHeader("Content-Length", Values.newBuilder().addValue(length).build());
        }
        return message(HttpResponse.newBuilder().setHeader(HttpResponse.Header.newBuilder().setResponse(response)).build());
    }

    private final class Tunnel implements ClientResponseObserver<ConnectRequest, ConnectResponse> {
        private ClientCallStreamObserver<ConnectRequest> stream;
        private String path = "";
        private boolean busy;
        private boolean flows;

        @Override
        public void beforeStart(ClientCallStreamObserver<ConnectRequest> requests) {
            stream = requests;
            requests.setOnReadyHandler(this::ready);
        }

        private synchronized void ready() {
            if (path.isEmpty() && !busy) {
                busy = true;
                stream.onNext(
                        ConnectRequest.newBuilder().setTunnelDescriptor(Descriptor.newBuilder().setAgentDescriptor(descriptor)).build());
            }
            while (flows && stream.isReady()) {
                stream.onNext(LARGE);
            }
        }

        private synchronized void send(ConnectRequest message) {
            stream.onNext(message);
        }

        @Override
        public void onNext(ConnectResponse response) {
            switch (response.getMsgCase()) {
                case REQUEST_INFO -> {
                    open();
                    send(NO_METADATA);
                }
                case MESSAGE -> took(response.getMessage().getData());
                default -> {
                    // the end of the request is in its messages
                }
            }
        }

        private void took(ByteString message) {
            HttpRequest request;
            try {
                request = HttpRequest.parseFrom(message);
            } catch (InvalidProtocolBufferException e) {
                throw new IllegalStateException(e);
            }
            switch (request.getMessageCase()) {
                case HEADER -> path = request.getHeader().getRequest().getUrlPath();
                case TRAILER -> answer();
                default -> {
                    // a part of a body that nobody wants
                }
            }
        }

        private void answer() {
            switch (path) {
                case "/bytes" -> {
                    send(HEAD);
                    flows = true;
                    ready();
                }
                case "/watch" -> {
                    send(HEAD);
                    watches.add(this);
                }
                default -> {
                    synchronized (this) {
                        stream.onNext(SMALL_HEAD);
                        stream.onNext(SMALL);
                        stream.onNext(END);
                        stream.onNext(CALL_END);
                        stream.onCompleted();
                    }
                }
            }
        }

        @Override
        public void onError(Throwable failure) {
            ended();
        }

        @Override
        public void onCompleted() {
            ended();
        }

        private void ended() {
            watches.remove(this);
            if (open.decrementAndGet() < 1) {
                TunnelAgent.this.open();
            }
        }
    }
}
