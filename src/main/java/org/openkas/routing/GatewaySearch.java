package org.openkas.routing;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.openkas.common.Timers;

/**
 * Looks for a tunnel at the other servers, after this one had none (chapter 04 §5.3): asks one more server whenever one says that
 * it has none or stays silent for 10 ms, and the tracker for more servers when all that are known have been asked. Those that
 * were asked go on waiting for a tunnel. Thread-safe.
 */
final class GatewaySearch {
    private static final Timers.Cancellable NOTHING = () -> {
    };

    private final Gateways gateways;
    private final Wanted wanted;
    private final BooleanSupplier claim;
    private final Consumer<Way> found;
    private final Map<String, GatewayAttempt> attempts = new HashMap<>();
    private List<String> known = List.of();
    private Timers.Cancellable patience = NOTHING;
    private Timers.Cancellable watch = NOTHING;
    private boolean watching;
    private boolean needsNew;
    private boolean over;

    GatewaySearch(Gateways gateways, Wanted wanted, BooleanSupplier claim, Consumer<Way> found) {
        this.gateways = gateways;
        this.wanted = wanted;
        this.claim = claim;
        this.found = found;
    }

    void begin() {
        List<String> last = gateways.urls().known(wanted.agent().agentId());
        synchronized (this) {
            known = last;
        }
        next();
    }

    /** One more server, please. */
    void next() {
        Optional<GatewayAttempt> another;
        boolean watches;
        synchronized (this) {
            if (over) {
                return;
            }
            another = another();
            needsNew |= another.isEmpty();
            watches = needsNew && !watching;
            watching |= watches;
        }
        another.ifPresent(GatewayAttempt::begin);
        if (watches) {
            watch();
        }
    }

    private void watch() {
        Timers.Cancellable begun = gateways.urls().watch(wanted.agent().agentId(), this::learn);
        boolean late;
        synchronized (this) {
            watch = begun;
            late = over;
        }
        if (late) {
            begun.cancel();
        }
    }

    private void learn(List<String> urls) {
        Optional<GatewayAttempt> another = Optional.empty();
        synchronized (this) {
            if (over) {
                return;
            }
            known = urls;
            if (needsNew) {
                another = another();
                needsNew = another.isEmpty();
            }
        }
        another.ifPresent(GatewayAttempt::begin);
    }

    /** A known server that is not being asked, and the patience with it. Guarded by this. */
    private Optional<GatewayAttempt> another() {
        for (String url : known) {
            if (!gateways.own(url) && !attempts.containsKey(url)) {
                GatewayAttempt attempt = new GatewayAttempt(gateways, wanted, url, this);
                attempts.put(url, attempt);
                patience.cancel();
                patience = gateways.timers().after(Gateways.PATIENCE, this::next);
                return Optional.of(attempt);
            }
        }
        return Optional.empty();
    }

    /** Whether an attempt that failed should go on; it is forgotten otherwise. */
    synchronized boolean stays(String url) {
        boolean stays = known.contains(url);
        if (!stays) {
            attempts.remove(url);
        }
        return stays && !over;
    }

    /** A server has a tunnel; false if that is too late. */
    boolean won(GatewayStream stream) {
        if (!claim.getAsBoolean()) {
            return false;
        }
        end(Optional.of(stream));
        found.accept(stream);
        return true;
    }

    /** Ends the search; nobody is told. */
    void abort() {
        end(Optional.empty());
    }

    private void end(Optional<GatewayStream> winner) {
        List<GatewayAttempt> others;
        Timers.Cancellable timer;
        Timers.Cancellable watched;
        synchronized (this) {
            over = true;
            others = new ArrayList<>(attempts.values());
            timer = patience;
            watched = watch;
        }
        timer.cancel();
        watched.cancel();
        others.forEach(attempt -> attempt.cancel(winner));
    }
}
