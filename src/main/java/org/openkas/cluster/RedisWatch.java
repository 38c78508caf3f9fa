package org.openkas.cluster;

/** Learns how it goes with Redis. Implementations are thread-safe and never block. */
public interface RedisWatch {
    /** Redis was found, or was lost. */
    void reachable(boolean yes);

    /** An entry in Redis was passed over because it makes no sense to this server. */
    void unreadable();
}
