package org.openkas.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.protobuf.ProtoUtils;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.openkas.message.RawBytes;
import org.openkas.proto.kas.GatewayKasResponse;

/** One call of a server that has no tunnel to one that may have; says and hears exactly what a test wants. */
public final class RoutingServer extends ClientCall.Listener<GatewayKasResponse> {
    public static final Metadata.Key<String> AGENT_ID = Metadata.Key.of("kas-hop-routing-agent-id", Metadata.ASCII_STRING_MARSHALLER);
    public static final Metadata.Key<String> AUTHORIZATION = Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
    public static final String PATH = "gitlab.agent.kubernetes_api.rpc.KubernetesApi/MakeRequest";

    private final ClientCall<ByteString, GatewayKasResponse> call;
    private final BlockingQueue<GatewayKasResponse> heard = new LinkedBlockingQueue<>();
    private final CompletableFuture<Status> end = new CompletableFuture<>();

    private RoutingServer(Channel channel, String path, CallOptions options) {
        MethodDescriptor<ByteString, GatewayKasResponse> method = MethodDescriptor
                .newBuilder(new RawBytes(), ProtoUtils.marshaller(GatewayKasResponse.getDefaultInstance()))
                .setType(MethodDescriptor.MethodType.BIDI_STREAMING).setFullMethodName(path).build();
        call = channel.newCall(method, options);
    }

    /** Calls with this metadata, and asks for this many messages. */
    public static RoutingServer call(Channel channel, String path, Metadata headers, int asked) {
        RoutingServer server = new RoutingServer(channel, path, CallOptions.DEFAULT);
        server.call.start(server, headers);
        server.call.request(asked);
        return server;
    }

    /** What a good call for an agent has. */
    public static Metadata headers(String agentId, String token) {
        Metadata headers = new Metadata();
        headers.put(AGENT_ID, agentId);
        headers.put(AUTHORIZATION, "Bearer " + token);
        return headers;
    }

    public void start() {
        call.sendMessage(ByteString.EMPTY);
    }

    public void send(ByteString message) {
        call.sendMessage(message);
    }

    /** Sends as much as the gateway lets come, until it has let nothing come for half a second; how many messages that were. */
    public int flood(ByteString message, int most) {
        int sent = 0;
        long quietSince = System.nanoTime();
        while (sent < most && System.nanoTime() - quietSince < 500_000_000L) {
            if (call.isReady()) {
                call.sendMessage(message);
                sent++;
                quietSince = System.nanoTime();
            } else {
                Thread.yield();
            }
        }
        return sent;
    }

    public void halfClose() {
        call.halfClose();
    }

    public void cancel() {
        call.cancel("gone", null);
    }

    public void request(int count) {
        call.request(count);
    }

    public GatewayKasResponse next() throws InterruptedException {
        GatewayKasResponse next = heard.poll(5, TimeUnit.SECONDS);
        assertThat(next).as("a message; the call's end: %s", end).isNotNull();
        return next;
    }

    public int waiting() {
        return heard.size();
    }

    public Status end() throws Exception {
        return end.get(5, TimeUnit.SECONDS);
    }

    public boolean ended() {
        return end.isDone();
    }

    @Override
    public void onMessage(GatewayKasResponse message) {
        heard.add(message);
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
        end.complete(status);
    }
}
