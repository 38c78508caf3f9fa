package org.openkas.cluster;

/** Learns how it goes with Redis. Implementations are thread-safe and never block. */
public interface RedisWatch {
    /** Nobody looks. */
    RedisWatch NONE = new RedisWatch() {
        @Override
        public void reachable(boolean yes) {
        }

        @Override
        public void unreadable() {
        }
    };

    /** Redis was found, or was lost. */
    void reachable(boolean yes);

    /** An entry in Redis was passed over because it makes no sense to this server. */
    void unreadable();
}
