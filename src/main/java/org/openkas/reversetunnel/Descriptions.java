package org.openkas.reversetunnel;

import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.LoadingCache;
import org.openkas.proto.reversetunnel.AgentDescriptor;

/**
 * What agents say that they serve, kept once for all tunnels that say the same: an agent has hundreds of tunnels, and most
 * agents are of few versions. Bounded, whatever agents send. Thread-safe.
 */
final class Descriptions {
    private static final long MOST_BYTES = 16 << 20;

    private final LoadingCache<AgentDescriptor, ServedMethods> known = Caffeine.newBuilder().maximumWeight(MOST_BYTES)
            .weigher((AgentDescriptor descriptor, ServedMethods methods) -> descriptor.getSerializedSize()).executor(Runnable::run)
            .build(ServedMethods::new);

    ServedMethods of(AgentDescriptor descriptor) {
        return known.get(descriptor);
    }
}
