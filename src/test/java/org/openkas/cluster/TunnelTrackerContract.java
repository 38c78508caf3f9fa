package org.openkas.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What every {@link TunnelTracker} does. */
abstract class TunnelTrackerContract {
    /** How long an entry lives in these tests. */
    static final Duration TTL = Duration.ofSeconds(300);
    static final String X = "grpc://10.0.0.1:8155";
    static final String Y = "grpc://10.0.0.2:8155";

    /** The tracker of a server that is reached under these URLs; it shares its state with all that were made before. */
    abstract TunnelTracker of(String... ownUrls) throws Exception;

    /** Lets time pass for all of them. */
    abstract void advance(Duration time) throws Exception;

    @Test
    @DisplayName("Each server is found for its own agents, and no other")
    void found() throws Exception {
        TunnelTracker x = of(X);
        TunnelTracker y = of(Y);
        assertThat(y.gateways(7)).isEmpty();
        x.register(7);
        y.register(7);
        y.register(8);
        assertThat(x.gateways(7)).containsExactlyInAnyOrder(X, Y);
        assertThat(x.gateways(8)).containsExactly(Y);
        assertThat(x.gateways(7L << 32)).isEmpty();
    }

    @Test
    @DisplayName("A server withdraws itself only, and may do so without having been there")
    void withdrawn() throws Exception {
        TunnelTracker x = of(X);
        TunnelTracker y = of(Y);
        x.register(7);
        y.register(7);
        x.unregister(7);
        x.unregister(7);
        x.unregister(9);
        assertThat(x.gateways(7)).containsExactly(Y);
    }

    @Test
    @DisplayName("TC-49: an entry that nobody renews is gone after its time")
    void expired() throws Exception {
        TunnelTracker x = of(X);
        TunnelTracker y = of(Y);
        x.register(7);
        advance(TTL.minusSeconds(10));
        y.register(7);
        x.refresh(List.of());
        assertThat(y.gateways(7)).containsExactlyInAnyOrder(X, Y);
        advance(Duration.ofSeconds(11));
        assertThat(x.gateways(7)).containsExactly(Y);
    }

    @Test
    @DisplayName("Renewing keeps entries, and makes those that are missing")
    void renewed() throws Exception {
        TunnelTracker x = of(X);
        x.register(7);
        advance(TTL.minusSeconds(10));
        x.refresh(List.of(7L, 8L));
        advance(TTL.minusSeconds(10));
        assertThat(x.gateways(7)).containsExactly(X);
        assertThat(x.gateways(8)).containsExactly(X);
    }

    @Test
    @DisplayName("A server with several addresses is found under all of them")
    void severalUrls() throws Exception {
        TunnelTracker both = of(X, Y);
        both.register(7);
        assertThat(both.gateways(7)).containsExactlyInAnyOrder(X, Y);
        both.unregister(7);
        assertThat(both.gateways(7)).isEmpty();
    }
}
