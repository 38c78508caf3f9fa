package org.openkas.routing;

import io.grpc.Status;
import java.time.Duration;
import java.util.Optional;
import org.openkas.common.Backoff;
import org.openkas.common.Log;
import org.openkas.common.Timers;
import org.openkas.grpc.StatusText;

/**
 * The questions of one search to one server, again and again until it has a tunnel or the search ends (chapter 04 §5.4).
 * Thread-safe.
 */
final class GatewayAttempt {
    /** A server that ends streams for no reason is not asked in a tight loop for ever. */
    private static final int MOST_AT_ONCE = 10;

    private final Gateways gateways;
    private final Wanted wanted;
    private final String url;
    private final GatewaySearch search;
    private final Backoff backoff;
    private Optional<GatewayStream> stream = Optional.empty();
    private Timers.Cancellable retry = () -> {
    };
    private int endedAtOnce;
    private boolean saidNone;
    private boolean cancelled;

    GatewayAttempt(Gateways gateways, Wanted wanted, String url, GatewaySearch search) {
        this.gateways = gateways;
        this.wanted = wanted;
        this.url = url;
        this.search = search;
        backoff = gateways.backoff();
    }

    void begin() {
        if (gateways.debugEnabled()) {
            log().debug("Trying tunnel");
        }
        Peers.Lease lease;
        try {
            lease = gateways.peers().lease(url);
        } catch (PeerUrlException | RuntimeException e) { // a URL of another server must not end this one's requests
            log().withError(e).error("Failed to dial kas");
            again(backoff.next());
            return;
        }
        GatewayStream asked = new GatewayStream(lease, this);
        boolean late;
        synchronized (this) {
            late = cancelled;
            stream = Optional.of(asked);
        }
        if (late) {
            lease.release();
        } else {
            // timers and trackers that lead here know nothing of the call
            Runnable start = () -> asked.start(wanted, gateways.headers(wanted));
            wanted.traced().map(caller -> caller.carried(start)).orElse(start).run();
        }
    }

    /** The server has no tunnel now, but waits. */
    void none() {
        boolean first;
        synchronized (this) {
            first = !saidNone;
            saidNone = true;
        }
        if (first) {
            search.next();
        }
    }

    /** The server has one; false if nobody wants it any more. */
    boolean ready(GatewayStream asked) {
        return search.won(asked);
    }

    /** The server ended the stream before it had one. */
    void ended() {
        boolean often;
        synchronized (this) {
            often = ++endedAtOnce > MOST_AT_ONCE;
        }
        if (search.stays(url)) {
            again(often ? backoff.next() : Duration.ZERO);
        }
    }

    /** Asking failed. */
    void failed(Status status) {
        synchronized (this) {
            if (cancelled) {
                return;
            }
        }
        if (status.getCode() != Status.Code.CANCELLED && status.getCode() != Status.Code.DEADLINE_EXCEEDED) {
            Log reported = status.getCode() == Status.Code.UNAUTHENTICATED
                    ? log().with("remedy", "give all servers the same secret in private_api.listen.authentication_secret_file, and clocks"
                            + " that differ by less than 5 s")
                    : log();
            reported.with("error", StatusText.of(status)).error("RecvMsg(GatewayKasResponse)");
        }
        if (search.stays(url)) {
            again(backoff.next());
        }
    }

    /** Made when there is something to say, as most attempts have nothing. */
    private Log log() {
        return gateways.log(wanted, url);
    }

    private synchronized void again(Duration wait) {
        if (!cancelled) {
            stream = Optional.empty();
            retry = gateways.timers().after(wait, this::begin);
        }
    }

    /** Asks no more; the stream of the server that won goes on. */
    void cancel(Optional<GatewayStream> winner) {
        Optional<GatewayStream> open;
        synchronized (this) {
            if (cancelled) {
                return;
            }
            cancelled = true;
            retry.cancel();
            open = stream;
        }
        open.filter(asked -> !winner.equals(Optional.of(asked))).ifPresent(asked -> asked.end(Status.CANCELLED));
    }
}
