package org.openkas.routing;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.openkas.proto.prototool.Values;
import org.openkas.proto.reversetunnel.CloseSend;
import org.openkas.proto.reversetunnel.ConnectResponse;
import org.openkas.proto.reversetunnel.Message;
import org.openkas.proto.reversetunnel.RequestInfo;
import org.openkas.reversetunnel.Tunnel;

/**
 * What a call sends to its agent, in order: kept until there is a tunnel, then sent at once. A caller that minds {@code
 * isReady} has nothing kept here. Thread-safe.
 */
final class Outbox {
    /** What may be kept, so that a caller that sends without looking cannot fill the memory. */
    static final int MAX_KEPT_BYTES = 4 << 20;
    /** What an agent receives at most. */
    static final int MAX_MESSAGE_BYTES = 4 << 20;

    private final List<ConnectResponse> kept = new ArrayList<>();
    private long keptBytes;
    private @Nullable Tunnel tunnel;
    private boolean halfClosed;

    /** Sends a message, or tells why the call has to end. */
    Optional<Status> send(ByteString data) {
        ConnectResponse message = ConnectResponse.newBuilder().setMessage(Message.newBuilder().setData(data)).build();
        int size = message.getSerializedSize();
        if (size > MAX_MESSAGE_BYTES) {
            return Optional
                    .of(Status.RESOURCE_EXHAUSTED.withDescription("Send(ConnectResponse_Message): grpc: trying to send message larger"
                            + " than max (" + size + " vs. " + MAX_MESSAGE_BYTES + ")"));
        }
        synchronized (this) {
            if (tunnel != null) {
                tunnel.send(message);
                return Optional.empty();
            }
            keptBytes += size;
            if (keptBytes > MAX_KEPT_BYTES && !kept.isEmpty()) {
                return Optional.of(Status.RESOURCE_EXHAUSTED.withDescription("more than " + MAX_KEPT_BYTES
                        + " bytes were sent while no tunnel was found: send when the call is ready"));
            }
            kept.add(message);
        }
        return Optional.empty();
    }

    /** The caller has sent everything. */
    synchronized void halfClose() {
        halfClosed = true;
        if (tunnel != null) {
            tunnel.send(closeSend());
        }
    }

    synchronized boolean halfClosed() {
        return halfClosed;
    }

    /** Sends on this tunnel from now on: the request first, then what was kept. */
    synchronized void open(Tunnel found, String method, Map<String, Values> meta) {
        tunnel = found;
        found.send(ConnectResponse.newBuilder().setRequestInfo(RequestInfo.newBuilder().setMethodName(method).putAllMeta(meta)).build());
        kept.forEach(found::send);
        kept.clear();
        if (halfClosed) {
            found.send(closeSend());
        }
    }

    synchronized boolean isReady() {
        return tunnel != null && tunnel.isReady();
    }

    /** Forgets what was kept. */
    synchronized void discard() {
        kept.clear();
    }

    private static ConnectResponse closeSend() {
        return ConnectResponse.newBuilder().setCloseSend(CloseSend.getDefaultInstance()).build();
    }
}
