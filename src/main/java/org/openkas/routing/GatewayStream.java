package org.openkas.routing;

import com.google.protobuf.ByteString;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.ProtoUtils;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openkas.message.FieldOrder;
import org.openkas.message.MessageRules;
import org.openkas.message.OwnedBytes;
import org.openkas.message.RawBytes;
import org.openkas.proto.kas.GatewayKasResponse;
import org.openkas.proto.kas.StartStreaming;
import org.openkas.proto.prototool.Values;

/**
 * A stream to another server: first the question whether it has a tunnel, then, if this is the one that is used, the way to the
 * agent (chapter 04 §4.5, §5.4, §5.6). Its messages are asked for one by one until then. Thread-safe as a {@link Way} is.
 */
final class GatewayStream extends ClientCall.Listener<GatewayKasResponse> implements Way {
    private static final FieldOrder ORDER = new FieldOrder(GatewayKasResponse.getDescriptor());
    private static final MethodDescriptor.Marshaller<GatewayKasResponse> RESPONSES = OwnedBytes
            .reading(ProtoUtils.marshaller(GatewayKasResponse.getDefaultInstance()));
    private static final RawBytes REQUESTS = new RawBytes();
    /** A deadline's end is told by this server; the other one ends by itself where it cannot be told. */
    private static final int DEADLINE_SLACK_SECONDS = 1;

    private final Peers.Lease lease;
    private final GatewayAttempt attempt;
    private @Nullable ClientCall<ByteString, GatewayKasResponse> call;
    private @Nullable WayReceiver receiver;
    private boolean ended;
    /** Known only to the call's events, which come one at a time. */
    private int last = FieldOrder.START;

    GatewayStream(Peers.Lease lease, GatewayAttempt attempt) {
        this.lease = lease;
        this.attempt = attempt;
    }

    /** Asks. Nothing if it was ended before. */
    void start(Wanted wanted, Metadata headers) {
        MethodDescriptor<ByteString, GatewayKasResponse> method = MethodDescriptor.newBuilder(REQUESTS, RESPONSES)
                .setType(MethodDescriptor.MethodType.BIDI_STREAMING).setFullMethodName(Gateways.path(wanted)).build();
        CallOptions options = CallOptions.DEFAULT.withWaitForReady();
        Optional<Deadline> deadline = wanted.deadline().map(end -> end.offset(DEADLINE_SLACK_SECONDS, TimeUnit.SECONDS));
        ClientCall<ByteString, GatewayKasResponse> made = lease.channel().newCall(method,
                deadline.map(options::withDeadline).orElse(options));
        synchronized (this) { // a call that is being started cannot be cancelled
            if (ended) {
                lease.release();
                return;
            }
            call = made;
            made.start(this, headers);
            made.request(1);
        }
    }

    @Override
    public void onMessage(GatewayKasResponse message) {
        if (ended()) {
            return;
        }
        Optional<Status> objection = MessageRules.violations(message).map(text -> "invalid server response: " + text)
                .or(() -> ORDER.objection(last, message.getMsgCase().getNumber())).map(Status.INVALID_ARGUMENT::withDescription);
        last = message.getMsgCase().getNumber();
        if (objection.isPresent()) {
            fail(objection.get());
            return;
        }
        WayReceiver to = receiver();
        if (to != null) {
            pass(message, to);
        } else if (message.hasNoTunnel()) {
            attempt.none();
            request(1);
        } else if (!attempt.ready(this)) {
            end(Status.CANCELLED);
        }
    }

    private static void pass(GatewayKasResponse message, WayReceiver to) {
        switch (message.getMsgCase()) {
            case HEADER -> to.header(message.getHeader().getMetaMap());
            case MESSAGE -> to.message(message.getMessage().getData());
            case TRAILER -> to.trailer(message.getTrailer().getMetaMap());
            case ERROR -> to.error(message.getError().getStatus());
            case TUNNEL_READY, NO_TUNNEL, MSG_NOT_SET -> throw new IllegalStateException("not allowed in this place");
        }
    }

    @Override
    public void onReady() {
        WayReceiver to = receiver();
        if (to != null) {
            to.ready();
        }
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
        lease.release();
        if (!finish()) {
            return;
        }
        Status end = status.isOk()
                ? ORDER.objection(last, FieldOrder.END).map(Status.INVALID_ARGUMENT::withDescription).orElse(status)
                : status.getCause() instanceof StatusRuntimeException unreadable ? unreadable.getStatus() : status; // gRPC cancels then
        WayReceiver to = receiver();
        if (to == null) {
            if (end.isOk()) {
                attempt.ended();
            } else {
                attempt.failed(end);
            }
        } else if (end.isOk()) {
            to.completed();
        } else {
            to.broken(end);
        }
    }

    /** The server broke the rules. */
    private void fail(Status status) {
        end(status);
        WayReceiver to = receiver();
        if (to == null) {
            attempt.failed(status);
        } else {
            to.broken(status);
        }
    }

    private synchronized boolean finish() {
        boolean first = !ended;
        ended = true;
        return first;
    }

    private synchronized boolean ended() {
        return ended;
    }

    private synchronized @Nullable WayReceiver receiver() {
        return receiver;
    }

    @Override
    public synchronized boolean begin(WayReceiver forwarder) {
        if (ended || receiver != null) {
            return false;
        }
        receiver = forwarder;
        return true;
    }

    /** The server learns of it by the cancellation. */
    @Override
    public void giveBack() {
        end(Status.CANCELLED);
    }

    /** What is called was said when the stream began. */
    @Override
    public void open(String service, String method, Map<String, Values> meta) {
        send(StartStreaming.getDefaultInstance().toByteString());
    }

    @Override
    public synchronized void send(ByteString message) {
        if (!ended && call != null) {
            call.sendMessage(message);
        }
    }

    @Override
    public synchronized void halfClose() {
        if (!ended && call != null) {
            call.halfClose();
        }
    }

    @Override
    public synchronized boolean isReady() {
        return !ended && call != null && call.isReady();
    }

    @Override
    public void request(int count) {
        ClientCall<ByteString, GatewayKasResponse> open;
        synchronized (this) {
            open = ended ? null : call;
        }
        if (open != null) {
            open.request(count);
        }
    }

    @Override
    public void end(Status status) {
        synchronized (this) {
            if (ended) {
                return;
            }
            ended = true;
            if (call != null) {
                call.cancel(String.valueOf(status.getDescription()), null);
            }
        }
    }
}
