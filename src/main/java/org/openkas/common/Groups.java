package org.openkas.common;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Members by what they have in common; keys without a member take no memory. Thread-safe: what was added before a call of {@link
 * #of} is in its answer, and stays out of it once removed.
 *
 * @param <K> what members have in common
 * @param <M> members, each at most once for a key
 */
public final class Groups<K, M> {
    private final Map<K, Set<M>> members = new ConcurrentHashMap<>();

    /** Adds one. */
    public void add(K key, M member) {
        members.compute(key, (_, known) -> {
            Set<M> all = known == null ? ConcurrentHashMap.newKeySet() : known;
            all.add(member);
            return all;
        });
    }

    /** Removes one, if it is there. */
    public void remove(K key, M member) {
        members.computeIfPresent(key, (_, known) -> {
            known.remove(member);
            return known.isEmpty() ? null : known;
        });
    }

    /** Those with this key; may be walked through while members come and go. */
    public Iterable<M> of(K key) {
        return members.getOrDefault(key, Set.of());
    }

    /** How many keys have members. */
    public int size() {
        return members.size();
    }
}
