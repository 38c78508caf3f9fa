package org.openkas.routing;

import com.google.protobuf.Empty;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.protobuf.ProtoUtils;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.openkas.common.Log;
import org.openkas.common.Timers;
import org.openkas.grpc.StatusText;

/**
 * Tells operators when another server cannot be reached (chapter 04 §5.4). Requests wait for such a server without a word, since
 * a third one may have the agent as well; nothing else would tell of a wrong address, a certificate that does not fit, or a
 * firewall in the way. One warning a minute at most, and a line when the server is reached after that. Thread-safe; never blocks.
 */
final class PeerWatch {
    private static final long QUIET_NANOS = Duration.ofMinutes(1).toNanos();
    private static final int ANSWER_SECONDS = 10;
    private static final String REMEDY = "start that server, or let this host reach it: the address is what that server took for its own"
            + " (its OWN_PRIVATE_API_URL, else its private_api.listen.address), its certificate must be good for OWN_PRIVATE_API_HOST;"
            + " one that was killed is forgotten after agent.redis_conn_info_ttl";
    /** A call that the library refuses while there is no connection, with the reason why there is none. */
    private static final MethodDescriptor<Empty, Empty> REASON = MethodDescriptor
            .newBuilder(ProtoUtils.marshaller(Empty.getDefaultInstance()), ProtoUtils.marshaller(Empty.getDefaultInstance()))
            .setType(MethodDescriptor.MethodType.UNARY).setFullMethodName("openkas.Reachability/Reason").build();

    private final ManagedChannel channel;
    private final Timers timers;
    private final Log log;
    private boolean lost;
    private boolean told;
    private long toldNanos;

    private PeerWatch(ManagedChannel channel, Timers timers, Log log) {
        this.channel = channel;
        this.timers = timers;
        this.log = log;
    }

    /** Watches a connection until it is shut down. */
    static PeerWatch begin(String url, ManagedChannel channel, Timers timers, Log log) {
        PeerWatch watch = new PeerWatch(channel, timers, log.with("kas_url", url));
        watch.look();
        return watch;
    }

    /** Somebody needs the connection: a failure that lasts is told of again. */
    void needed() {
        if (channel.getState(false) == ConnectivityState.TRANSIENT_FAILURE) {
            failed();
        }
    }

    private void look() {
        ConnectivityState state = channel.getState(false);
        if (state == ConnectivityState.SHUTDOWN) {
            return;
        }
        if (state == ConnectivityState.TRANSIENT_FAILURE) {
            failed();
        } else if (state == ConnectivityState.READY) {
            reached();
        }
        channel.notifyWhenStateChanged(state, this::look);
    }

    private void failed() {
        synchronized (this) {
            long now = timers.nanos();
            if (told && now - toldNanos < QUIET_NANOS) {
                return;
            }
            told = true;
            toldNanos = now;
        }
        ClientCall<Empty, Empty> call = channel.newCall(REASON, CallOptions.DEFAULT.withDeadlineAfter(ANSWER_SECONDS, TimeUnit.SECONDS));
        call.start(new ClientCall.Listener<>() {
            @Override
            public void onClose(Status status, Metadata trailers) {
                if (status.getCode() == Status.Code.UNAVAILABLE) {
                    tell(status);
                }
            }
        }, new Metadata());
        call.halfClose();
    }

    private void tell(Status status) {
        synchronized (this) {
            lost = true;
        }
        log.with("error", StatusText.of(status)).with("remedy", REMEDY).warn("A server of the cluster cannot be reached");
    }

    private void reached() {
        synchronized (this) {
            if (!lost) {
                return;
            }
            lost = false;
        }
        log.info("A server of the cluster is reached again");
    }
}
