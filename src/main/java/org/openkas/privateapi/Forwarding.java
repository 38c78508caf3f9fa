package org.openkas.privateapi;

import com.google.protobuf.ByteString;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import java.util.Optional;
import org.openkas.proto.kas.GatewayKasResponse;
import org.openkas.proto.reversetunnel.ConnectRequest;
import org.openkas.reversetunnel.CarriedMessage;
import org.openkas.reversetunnel.Tunnel;
import org.openkas.reversetunnel.TunnelReceiver;

/**
 * Carries messages between another server and an agent, in each direction the next one when the receiver of the last one has room
 * for more, so that nothing queues here (chapter 04 §2.7). Ends with the agent's half-close, even where the caller has not
 * half-closed. Its events come from two connections at once; thread-safe.
 */
final class Forwarding implements TunnelReceiver {
    private static final Status READ_FAILED = Status.CANCELLED.withDescription("read from incoming stream");
    private static final GatewayKasResponse NO_HEADER = GatewayKasResponse.newBuilder()
            .setHeader(GatewayKasResponse.Header.getDefaultInstance()).build();
    private static final GatewayKasResponse NO_TRAILER = GatewayKasResponse.newBuilder()
            .setTrailer(GatewayKasResponse.Trailer.getDefaultInstance()).build();

    private final ServerCall<ByteString, GatewayKasResponse> call;
    private final Tunnel tunnel;
    private boolean halfClosed;
    private boolean over;
    /** The caller's next message is to be asked for when the agent has room. */
    private boolean callerHeld;
    /** The agent's next message is to be asked for when the caller has room. */
    private boolean agentHeld;
    /** Known only to the tunnel's events. */
    private boolean headerSent;

    /** Nothing is asked for yet. */
    Forwarding(ServerCall<ByteString, GatewayKasResponse> call, Tunnel tunnel) {
        this.call = call;
        this.tunnel = tunnel;
    }

    /** Asks both sides for their first messages. */
    void begin() {
        tunnel.request(1);
        askCaller();
    }

    /** The caller's next message. */
    void message(ByteString data) {
        Optional<Status> refusal = CarriedMessage.refusal(data);
        if (refusal.isPresent()) {
            end(refusal.get(), refusal.get());
            return;
        }
        tunnel.send(data);
        askCaller();
    }

    /** The caller has sent everything. */
    void halfClose() {
        synchronized (this) {
            halfClosed = true;
        }
        tunnel.halfClose();
    }

    /** The caller is gone. */
    void cancelled(Status status) {
        boolean sentAll;
        synchronized (this) {
            sentAll = halfClosed;
        }
        Status closed = status.withDescription("Incoming stream closed: " + status.getDescription());
        end(sentAll ? closed : READ_FAILED, sentAll ? closed : status);
    }

    /** The caller takes more. */
    void callerReady() {
        boolean ask;
        synchronized (this) {
            ask = agentHeld && !over;
            agentHeld = false;
        }
        if (ask) {
            tunnel.request(1);
        }
    }

    private void askCaller() {
        synchronized (this) {
            callerHeld = true;
        }
        if (tunnel.isReady()) {
            ready();
        }
    }

    /** The agent takes more. */
    @Override
    public void ready() {
        boolean ask;
        synchronized (this) {
            ask = callerHeld && !over;
            callerHeld = false;
        }
        if (ask) {
            call.request(1);
        }
    }

    @Override
    public void received(ConnectRequest message) {
        switch (message.getMsgCase()) {
            case HEADER -> {
                headerSent = true;
                send(GatewayKasResponse.newBuilder()
                        .setHeader(GatewayKasResponse.Header.newBuilder().putAllMeta(message.getHeader().getMetaMap())).build());
            }
            case MESSAGE -> send(GatewayKasResponse.newBuilder()
                    .setMessage(GatewayKasResponse.Message.newBuilder().setData(message.getMessage().getData())).build());
            case TRAILER -> send(GatewayKasResponse.newBuilder()
                    .setTrailer(GatewayKasResponse.Trailer.newBuilder().putAllMeta(message.getTrailer().getMetaMap())).build());
            case ERROR -> {
                if (!headerSent) { // other servers take an error only behind these
                    send(NO_HEADER);
                    send(NO_TRAILER);
                }
                send(GatewayKasResponse.newBuilder()
                        .setError(GatewayKasResponse.Error.newBuilder().setStatus(message.getError().getStatus())).build());
            }
            case TUNNEL_DESCRIPTOR, MSG_NOT_SET -> throw new IllegalStateException("the tunnel lets no second descriptor through");
        }
        synchronized (this) {
            agentHeld = true;
        }
        if (call.isReady()) {
            callerReady();
        }
    }

    private synchronized void send(GatewayKasResponse message) {
        if (!over) {
            call.sendMessage(message);
        }
    }

    @Override
    public void completed() {
        end(Status.OK, Status.OK);
    }

    @Override
    public void broken(Status status) {
        end(status, status);
    }

    private void end(Status forAgent, Status forCaller) {
        synchronized (this) {
            if (over) {
                return;
            }
            over = true;
            call.close(forCaller, new Metadata());
        }
        tunnel.end(forAgent);
    }
}
