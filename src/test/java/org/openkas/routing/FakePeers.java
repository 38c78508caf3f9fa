package org.openkas.routing;

import com.google.protobuf.ByteString;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.HashSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.openkas.message.RawBytes;
import org.openkas.proto.kas.GatewayKasResponse;
import org.openkas.testkit.InProcess;

/** Other servers in this process, on the thread of whoever speaks; each call is kept, and answered as a test wants. */
final class FakePeers implements Peers, AutoCloseable {
    static final GatewayKasResponse NO_TUNNEL = GatewayKasResponse.newBuilder()
            .setNoTunnel(GatewayKasResponse.NoTunnel.getDefaultInstance()).build();
    static final GatewayKasResponse TUNNEL_READY = GatewayKasResponse.newBuilder()
            .setTunnelReady(GatewayKasResponse.TunnelReady.getDefaultInstance()).build();

    private final Map<String, InProcess> servers = new HashMap<>();
    private final Map<String, Consumer<Seen>> answers = new HashMap<>();
    private final Set<String> unreachable = new HashSet<>();
    final List<Seen> calls = new CopyOnWriteArrayList<>();
    private final AtomicInteger leases = new AtomicInteger();

    /** One call as its server sees it. */
    static final class Seen extends ServerCall.Listener<ByteString> {
        final String url;
        final Metadata headers;
        final List<ByteString> messages = new CopyOnWriteArrayList<>();
        volatile boolean halfClosed;
        volatile boolean cancelled;
        volatile boolean closed;
        private final ServerCall<ByteString, ByteString> call;

        private Seen(String url, ServerCall<ByteString, ByteString> call, Metadata headers) {
            this.url = url;
            this.call = call;
            this.headers = headers;
            call.sendHeaders(new Metadata());
            call.request(1_000);
        }

        void say(GatewayKasResponse... responses) {
            for (GatewayKasResponse response : responses) {
                say(response.toByteString());
            }
        }

        /** Bytes that may be no message at all. */
        void say(ByteString bytes) {
            if (!cancelled && !closed) {
                call.sendMessage(bytes);
            }
        }

        void end(Status status) {
            if (!cancelled && !closed) {
                closed = true;
                call.close(status, new Metadata());
            }
        }

        boolean started() {
            return !messages.isEmpty();
        }

        boolean open() {
            return !cancelled && !closed;
        }

        @Override
        public void onMessage(ByteString message) {
            messages.add(message);
        }

        @Override
        public void onHalfClose() {
            halfClosed = true;
        }

        @Override
        public void onCancel() {
            cancelled = true;
        }
    }

    /** A server that does this with each call. */
    void answer(String url, Consumer<Seen> answer) {
        answers.put(url, answer);
        servers.computeIfAbsent(url, this::server);
    }

    void unreachable(String url) {
        unreachable.add(url);
    }

    private InProcess server(String url) {
        MethodDescriptor<ByteString, ByteString> method = MethodDescriptor.newBuilder(new RawBytes(), new RawBytes())
                .setType(MethodDescriptor.MethodType.BIDI_STREAMING)
                .setFullMethodName(MethodDescriptor.generateFullMethodName(ScriptedAgent.SERVICE, "MakeRequest")).build();
        return new InProcess(ServerServiceDefinition.builder(ScriptedAgent.SERVICE).addMethod(method, (call, headers) -> {
            Seen seen = new Seen(url, call, headers);
            calls.add(seen);
            answers.get(url).accept(seen);
            return seen;
        }).build());
    }

    /** How many connections are in use. */
    int leases() {
        return leases.get();
    }

    List<Seen> calls(String url) {
        return calls.stream().filter(seen -> seen.url.equals(url)).toList();
    }

    @Override
    public Lease lease(String url) throws PeerUrlException {
        if (!unreachable.contains(url) && !servers.containsKey(url)) {
            throw new PeerUrlException("unsupported URL scheme in " + url);
        }
        leases.incrementAndGet();
        return new Lease() {
            @Override
            public Channel channel() {
                return unreachable.contains(url) ? new Nowhere() : servers.get(url).channel();
            }

            @Override
            public void release() {
                leases.decrementAndGet();
            }
        };
    }

    @Override
    public void close() {
        servers.values().forEach(InProcess::close);
    }

    /** What waits for a connection that does not come up. */
    private static final class Nowhere extends Channel {
        @Override
        public <Q, R> ClientCall<Q, R> newCall(MethodDescriptor<Q, R> method, CallOptions options) {
            return new ClientCall<>() {
                private Listener<R> told;

                @Override
                public void start(Listener<R> listener, Metadata headers) {
                    told = listener;
                }

                @Override
                public void request(int count) {
                }

                @Override
                public void cancel(String message, Throwable cause) {
                    told.onClose(Status.CANCELLED, new Metadata());
                }

                @Override
                public void halfClose() {
                }

                @Override
                public void sendMessage(Q message) {
                }
            };
        }

        @Override
        public String authority() {
            return "nowhere";
        }
    }
}
