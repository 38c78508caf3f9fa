package org.openkas.privateapi;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.openkas.proto.kas.GatewayKasResponse;
import org.openkas.proto.kas.StartStreaming;
import org.openkas.proto.prototool.Values;
import org.openkas.reversetunnel.AgentKey;
import org.openkas.reversetunnel.FindRequest;
import org.openkas.reversetunnel.Tunnel;
import org.openkas.reversetunnel.TunnelRegistry;

/**
 * One call of another server: waits for a tunnel, says so, waits for the start, and then forwards (chapter 04 §4.6). A tunnel that
 * was ready and is not used serves the next call. Holds no thread. Thread-safe.
 */
final class GatewayCall extends ServerCall.Listener<ByteString> implements FindRequest.Answer {
    private static final GatewayKasResponse NO_TUNNEL = GatewayKasResponse.newBuilder()
            .setNoTunnel(GatewayKasResponse.NoTunnel.getDefaultInstance()).build();
    private static final GatewayKasResponse TUNNEL_READY = GatewayKasResponse.newBuilder()
            .setTunnelReady(GatewayKasResponse.TunnelReady.getDefaultInstance()).build();

    private final ServerCall<ByteString, GatewayKasResponse> call;
    private final String service;
    private final String method;
    private final Map<String, Values> meta;
    private final TunnelRegistry tunnels;
    private final Context context = Context.current();
    private final FindRequest request;
    private @Nullable Tunnel tunnel;
    private @Nullable Forwarding forwarding;
    private boolean over;

    /**
     * Nothing is looked for yet. The current context is the call's, which knows its deadline.
     *
     * @param meta what the agent sees of the caller's metadata
     */
    GatewayCall(ServerCall<ByteString, GatewayKasResponse> call, AgentKey agent, Map<String, Values> meta, TunnelRegistry tunnels) {
        this.call = call;
        this.meta = meta;
        this.tunnels = tunnels;
        service = String.valueOf(call.getMethodDescriptor().getServiceName());
        method = String.valueOf(call.getMethodDescriptor().getBareMethodName());
        request = new FindRequest(agent, service, method, this);
    }

    void find() {
        call.sendHeaders(new Metadata());
        tunnels.find(request);
        synchronized (this) {
            if (tunnel == null && !over) {
                call.sendMessage(NO_TUNNEL);
            }
        }
    }

    @Override
    public void found(Tunnel found) {
        boolean late;
        synchronized (this) {
            late = over;
            if (!late) {
                tunnel = found;
                call.sendMessage(TUNNEL_READY);
            }
        }
        if (late) {
            found.giveBack();
        } else {
            call.request(1);
        }
    }

    @Override
    public void failed(Status status) {
        giveUp(status);
    }

    @Override
    public void onMessage(ByteString message) {
        Tunnel open;
        Forwarding running;
        synchronized (this) {
            open = over ? null : tunnel;
            running = forwarding;
        }
        if (running != null) {
            running.message(message);
        } else if (open != null) {
            start(message, open);
        }
    }

    private void start(ByteString message, Tunnel open) {
        try {
            StartStreaming _ = StartStreaming.parseFrom(message);
        } catch (InvalidProtocolBufferException e) {
            giveUp(Status.INTERNAL.withDescription("grpc: failed to unmarshal the received message: " + e.getMessage()));
            return;
        }
        Forwarding begun = new Forwarding(call, open);
        if (!open.begin(begun)) {
            giveUp(Tunnel.DONE);
            return;
        }
        synchronized (this) {
            forwarding = begun;
        }
        open.open(service, method, meta);
        begun.begin();
    }

    /** Before the start it means that there will be none. */
    @Override
    public void onHalfClose() {
        Forwarding running = forwarding();
        if (running == null) {
            giveUp(Status.OK);
        } else {
            running.halfClose();
        }
    }

    @Override
    public void onCancel() {
        Deadline deadline = context.getDeadline();
        Status status = deadline != null && deadline.isExpired()
                ? Status.DEADLINE_EXCEEDED.withDescription("context deadline exceeded")
                : Status.CANCELLED.withDescription("context canceled");
        Forwarding running = forwarding();
        if (running == null) {
            giveUp(status.withDescription("FindTunnel request aborted: " + status.getDescription()));
        } else {
            running.cancelled(status);
        }
    }

    @Override
    public void onReady() {
        Forwarding running = forwarding();
        if (running != null) {
            running.callerReady();
        }
    }

    private synchronized @Nullable Forwarding forwarding() {
        return forwarding;
    }

    /** Ends a call that has not started; its tunnel is as good as new. */
    private void giveUp(Status forCaller) {
        Tunnel unused;
        synchronized (this) {
            if (over) {
                return;
            }
            over = true;
            unused = tunnel;
            call.close(forCaller, new Metadata());
        }
        if (unused == null) {
            tunnels.abort(request);
        } else {
            unused.giveBack();
        }
    }
}
