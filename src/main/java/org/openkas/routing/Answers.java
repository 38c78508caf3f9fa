package org.openkas.routing;

import com.google.protobuf.ByteString;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import org.openkas.message.OwnedBytes;
import org.openkas.proto.reversetunnel.ConnectRequest;
import org.openkas.reversetunnel.TunnelReceiver;

/** What the agent sends on a call's tunnel, as its caller sees it (chapter 04 §2.7, direction B). Called one event at a time. */
final class Answers<R> implements TunnelReceiver {
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
    public void received(ConnectRequest message) {
        switch (message.getMsgCase()) {
            case HEADER -> {
                Metadata headers = new Metadata();
                CarriedMetadata.add(message.getHeader().getMetaMap(), headers);
                callbacks.fromTunnel(() -> {
                    if (!closed) {
                        listener.onHeaders(headers);
                    }
                });
            }
            case MESSAGE -> {
                ByteString data = message.getMessage().getData();
                if (demand.take(data)) {
                    callbacks.fromTunnel(() -> deliver(data));
                }
                return;
            }
            case TRAILER -> CarriedMetadata.add(message.getTrailer().getMetaMap(), trailers);
            case ERROR -> reported = EndOfCall.reported(message.getError().getStatus(), trailers);
            case TUNNEL_DESCRIPTOR, MSG_NOT_SET -> throw new IllegalStateException("the tunnel lets no second descriptor through");
        }
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
        demand.dealtWith();
        call.read();
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
