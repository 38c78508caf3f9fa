package org.openkas.watch;

/** How much of something all watches of a connection may keep together. Used by one thread. */
final class Budget {
    private final int most;
    private int used;

    Budget(int most) {
        this.most = most;
    }

    /** Takes so much, or nothing: then false. */
    boolean take(int amount) {
        if (amount > most - used) {
            return false;
        }
        used += amount;
        return true;
    }

    /** Gives back what was taken. */
    void give(int amount) {
        used -= amount;
    }

    int used() {
        return used;
    }
}
