package org.openkas.grpc;

import java.time.Duration;

/**
 * How a {@link HandoffListener} is set up.
 *
 * @param maxConnectionAge see {@link ListenerSettings}
 * @param listenGracePeriod how long a drain goes on accepting connections and calls
 * @param policy limits of each connection
 */
public record HandoffSettings(Duration maxConnectionAge, Duration listenGracePeriod, ConnectionPolicy policy) {

    /** The same as on a listener with an address. */
    public static HandoffSettings like(ListenerSettings settings) {
        return new HandoffSettings(settings.maxConnectionAge(), settings.listenGracePeriod(), settings.policy());
    }
}
