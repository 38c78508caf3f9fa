package org.openkas.routing;

import java.util.Optional;
import java.util.concurrent.Executor;
import org.openkas.common.Log;
import org.openkas.common.Timers;
import org.openkas.reversetunnel.TunnelRegistry;

/**
 * What all calls to agents use.
 *
 * @param gateways the other servers, if there can be any
 * @param executor starts each task on a virtual thread
 */
record Surroundings(TunnelRegistry registry, Optional<Gateways> gateways, RoutingMetrics metrics, Timers timers, Executor executor,
        Log log) {
}
