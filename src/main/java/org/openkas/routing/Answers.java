package org.openkas.routing;

import com.google.protobuf.ByteString;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.util.Map;
import org.openkas.message.OwnedBytes;
import org.openkas.proto.prototool.Values;
import org.openkas.reversetunnel.CarriedMetadata;

/** What the agent sends on a call's way, as its caller sees it (chapter 04 §2.7, direction B). Called one event at a time. */
final class Answers<R> implements WayReceiver {
    private final TunnelCall<?, R> call;
    private final MethodDescriptor.Marshaller<R> marshaller;
    private final ClientCall.Listener<R> listener;
    private final Callbacks callbacks;
    private final Demand demand;
    private final Metadata trailers = new Metadata();
    private EndOfCall reported = new EndOfCall(Status.OK, trailers);
    /** Known only to the callbacks. */
    private boolean closed;

    Answers(TunnelCall<?, R> call, MethodDescriptor.Marshaller<R> marshaller, ClientCall.Listener<R> listener, Callbacks callbacks,
            Demand demand) {
        this.call = call;
        this.marshaller = OwnedBytes.reading(marshaller);
        this.listener = listener;
        this.callbacks = callbacks;
        this.demand = demand;
    }

    @Override
    public void header(Map<String, Values> meta) {
        Metadata headers = new Metadata();
        CarriedMetadata.add(meta, headers);
        callbacks.fromTunnel(() -> {
            if (!closed) {
                listener.onHeaders(headers);
            }
        });
        next();
    }

    @Override
    public void message(ByteString data) {
        if (demand.take(data)) {
            callbacks.fromTunnel(() -> deliver(data));
        }
    }

    @Override
    public void trailer(Map<String, Values> meta) {
        CarriedMetadata.add(meta, trailers);
        next();
    }

    @Override
    public void error(com.google.rpc.Status status) {
        reported = EndOfCall.reported(status, trailers);
        next();
    }

    private void next() {
        demand.dealtWith();
        call.read();
    }

    /** Hands a message to the caller; the agent may send more only when it has returned. */
    void deliver(ByteString data) {
        if (closed) {
            return;
        }
        R message;
        try {
            message = marshaller.parse(OwnedBytes.stream(data));
        } catch (RuntimeException e) {
            Status status = Status.fromThrowable(e);
            call.end(status, EndOfCall.of(status));
            return;
        }
        listener.onMessage(message);
        next();
    }

    @Override
    public void ready() {
        callbacks.fromTunnel(() -> {
            if (!closed && call.isReady()) {
                listener.onReady();
            }
        });
    }

    /** Nothing waits for the caller then: what ends an answer is asked for only after its messages were taken. */
    @Override
    public void completed() {
        call.end(Status.OK, reported);
    }

    @Override
    public void broken(Status status) {
        call.end(status, new EndOfCall(status, trailers));
    }

    /** Tells the caller the end, after all that was told before. */
    void close(EndOfCall end) {
        callbacks.later(() -> {
            if (!closed) {
                closed = true;
                listener.onClose(end.status(), end.trailers());
            }
        });
    }
}
