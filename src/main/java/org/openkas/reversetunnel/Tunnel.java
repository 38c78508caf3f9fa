package org.openkas.reversetunnel;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.openkas.message.FieldOrder;
import org.openkas.proto.prototool.Values;
import org.openkas.proto.reversetunnel.CloseSend;
import org.openkas.proto.reversetunnel.ConnectRequest;
import org.openkas.proto.reversetunnel.ConnectResponse;
import org.openkas.proto.reversetunnel.RequestInfo;

/**
 * One stream of an agent from its descriptor on; carries one call at most (chapter 04 §2.5, §2.7). Thread-safe; messages
 * are sent in the order of calls.
 *
 * <p>Its state is its place: idle in the registry; found, when it is in no place and has no receiver; forwarding, when it
 * has a receiver; and done.
 */
public final class Tunnel {
    /** What a request on another server sees of a tunnel that ended before it was used. */
    public static final Status DONE = Status.CANCELLED.withDescription("ForwardStream() called on done stream");
    private static final ConnectResponse CLOSE_SEND = ConnectResponse.newBuilder().setCloseSend(CloseSend.getDefaultInstance()).build();
    private static final FieldOrder ORDER = new FieldOrder(ConnectRequest.getDescriptor());

    private final AgentKey agent;
    private final ServedMethods served;
    private final ServerCallStreamObserver<ConnectResponse> stream;
    private final TunnelRegistry registry;
    private @Nullable TunnelReceiver receiver;
    private boolean ended;
    /** Known only to the stream's events, which come one at a time. */
    private int last = ConnectRequest.TUNNEL_DESCRIPTOR_FIELD_NUMBER;

    Tunnel(AgentKey agent, ServedMethods served, ServerCallStreamObserver<ConnectResponse> stream, TunnelRegistry registry) {
        this.agent = agent;
        this.served = served;
        this.stream = stream;
        this.registry = registry;
    }

    AgentKey agent() {
        return agent;
    }

    boolean serves(String service, String method) {
        return served.serves(service, method);
    }

    /** Begins to forward; reading begins with {@link #request}. False if the tunnel has ended: {@link #DONE}. */
    public synchronized boolean begin(TunnelReceiver forwarder) {
        if (ended || receiver != null) {
            return false;
        }
        receiver = forwarder;
        return true;
    }

    /** Returns the tunnel unused. */
    public void giveBack() {
        synchronized (this) {
            if (ended || receiver != null) {
                return;
            }
        }
        if (!registry.offer(this)) {
            end(Status.OK);
            return;
        }
        boolean late;
        synchronized (this) {
            late = ended; // it may have ended between the look and the offer
        }
        if (late) {
            registry.remove(this);
        }
    }

    /** Tells the agent what is called; once, before everything else. */
    public void open(String service, String method, Map<String, Values> meta) {
        send(ConnectResponse.newBuilder()
                .setRequestInfo(RequestInfo.newBuilder().setMethodName("/" + served.nameOf(service) + "/" + method).putAllMeta(meta)).build());
    }

    /** Sends a message of the call, whose size {@link CarriedMessage} allows. */
    public void send(ByteString message) {
        send(CarriedMessage.of(message));
    }

    /** The caller has sent everything. */
    public void halfClose() {
        send(CLOSE_SEND);
    }

    /** Nothing once the tunnel has ended. */
    private synchronized void send(ConnectResponse message) {
        if (!ended) {
            stream.onNext(message);
        }
    }

    /** Whether the agent takes more without queueing here. */
    public boolean isReady() {
        return stream.isReady();
    }

    /** Lets the agent send this many messages more. */
    public void request(int count) {
        stream.request(count);
    }

    /** Ends the stream; only the first call counts. */
    public void end(Status status) {
        synchronized (this) {
            if (ended) {
                return;
            }
            ended = true;
        }
        close(status);
    }

    /** Waiting should end: an unused tunnel ends with OK. */
    void expire() {
        synchronized (this) {
            if (ended || receiver != null) {
                return;
            }
            ended = true;
        }
        close(Status.OK);
    }

    /** Once only, when nothing is sent any more. Nobody finds the tunnel when its agent learns of the end. */
    private void close(Status status) {
        registry.remove(this);
        if (status.isOk()) {
            stream.onCompleted();
        } else {
            stream.onError(status.asException());
        }
    }

    void received(ConnectRequest message) {
        step(message.getMsgCase().getNumber()).ifPresent(to -> to.received(message));
    }

    /** The agent has half-closed; an idle tunnel is of no use then. */
    void completed() {
        step(FieldOrder.END).ifPresent(TunnelReceiver::completed);
    }

    void ready() {
        current().ifPresent(TunnelReceiver::ready);
    }

    /** The stream is gone, whoever is told why. */
    void cancelled(Status status) {
        Optional<TunnelReceiver> told;
        synchronized (this) {
            told = ended ? Optional.empty() : current();
            ended = true;
        }
        registry.remove(this);
        told.ifPresent(to -> to.broken(status));
    }

    private Optional<TunnelReceiver> step(int to) {
        Optional<String> objection = ORDER.objection(last, to);
        last = to;
        Optional<TunnelReceiver> told;
        synchronized (this) {
            told = ended ? Optional.empty() : current();
        }
        if (objection.isPresent()) {
            Status broken = Status.INVALID_ARGUMENT.withDescription(objection.get());
            end(broken);
            told.ifPresent(receiving -> receiving.broken(broken));
            return Optional.empty();
        }
        return told;
    }

    private synchronized Optional<TunnelReceiver> current() {
        return Optional.ofNullable(receiver);
    }
}
