package org.openkas.usage;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * A set that only grows, up to a limit: open addressing in an array with room to spare. To look for a pair that is there costs
 * neither a lock nor memory, for this is asked with every request. Thread-safe.
 */
final class PairSet {
    private final AtomicReferenceArray<UserInProject> slots;
    private final int most;
    private final AtomicInteger size = new AtomicInteger();

    /** An empty one. */
    PairSet(int most) {
        this.most = most;
        // a power of two, so that a slot is found by a mask; never more than half of it is in use, so that searches end
        slots = new AtomicReferenceArray<>(Integer.highestOneBit(most) << 2);
    }

    /** False if the pair is not there and the set is full. */
    boolean add(long userId, long projectId) {
        int mask = slots.length() - 1;
        for (int slot = hash(userId, projectId) & mask;; slot = slot + 1 & mask) {
            UserInProject found = slots.get(slot);
            if (found == null) {
                if (!reserve()) {
                    return false;
                }
                found = slots.compareAndExchange(slot, null, new UserInProject(userId, projectId));
                if (found == null) {
                    return true;
                }
                // somebody else came first, perhaps with the same pair
                size.decrementAndGet();
            }
            if (found.userId() == userId && found.projectId() == projectId) {
                return true;
            }
        }
    }

    private boolean reserve() {
        if (size.get() >= most) {
            return false;
        }
        if (size.incrementAndGet() <= most) {
            return true;
        }
        size.decrementAndGet();
        return false;
    }

    private static int hash(long userId, long projectId) {
        long mixed = (userId * 0x9E3779B97F4A7C15L ^ projectId) * 0xC2B2AE3D27D4EB4FL;
        return (int) (mixed >>> 32);
    }

    /** What is in it. */
    List<UserInProject> pairs() {
        List<UserInProject> pairs = new ArrayList<>();
        for (int slot = 0; slot < slots.length(); slot++) {
            UserInProject pair = slots.get(slot);
            if (pair != null) {
                pairs.add(pair);
            }
        }
        return List.copyOf(pairs);
    }
}
