package org.openkas.routing;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.openkas.proto.prototool.Values;
import org.openkas.reversetunnel.CarriedMessage;

/**
 * What a call sends to its agent, in order: kept until there is a way, then sent at once. A caller that minds {@code
 * isReady} has nothing kept here. Thread-safe.
 */
final class Outbox {
    /** What may be kept, so that a caller that sends without looking cannot fill the memory. */
    static final int MAX_KEPT_BYTES = 4 << 20;

    private final List<ByteString> kept = new ArrayList<>();
    private long keptBytes;
    private @Nullable Way way;
    private boolean halfClosed;

    /** Sends a message, or tells why the call has to end. */
    Optional<Status> send(ByteString data) {
        Optional<Status> refusal = CarriedMessage.refusal(data);
        if (refusal.isPresent()) {
            return refusal;
        }
        synchronized (this) {
            if (way != null) {
                way.send(data);
                return Optional.empty();
            }
            keptBytes += CarriedMessage.size(data);
            if (keptBytes > MAX_KEPT_BYTES && !kept.isEmpty()) {
                return Optional.of(Status.RESOURCE_EXHAUSTED.withDescription("more than " + MAX_KEPT_BYTES
                        + " bytes were sent while no tunnel was found: send when the call is ready"));
            }
            kept.add(data);
        }
        return Optional.empty();
    }

    /** The caller has sent everything. */
    synchronized void halfClose() {
        halfClosed = true;
        if (way != null) {
            way.halfClose();
        }
    }

    synchronized boolean halfClosed() {
        return halfClosed;
    }

    /** Sends on this way from now on: the request first, then what was kept. */
    synchronized void open(Way found, String service, String method, Map<String, Values> meta) {
        way = found;
        found.open(service, method, meta);
        kept.forEach(found::send);
        kept.clear();
        if (halfClosed) {
            found.halfClose();
        }
    }

    synchronized boolean isReady() {
        return way != null && way.isReady();
    }

    /** Forgets what was kept. */
    synchronized void discard() {
        kept.clear();
    }
}
