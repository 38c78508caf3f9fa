package org.openkas.watch;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Which objects the client of a watch has been told of: it appends whatever is announced as new (chapter 07 §8.3, behaviour 3).
 * Used by one thread.
 */
final class KnownObjects {
    private final Budget budget;
    private final Map<String, Integer> passes = new HashMap<>();
    private int pass;

    /** What became of an object that was announced. */
    enum Announced {
        /** The client did not know it. */
        NEW,
        /** The client knows it already. */
        KNOWN,
        /** There is no room to remember it. */
        TOO_MANY
    }

    /** @param budget for objects */
    KnownObjects(Budget budget) {
        this.budget = budget;
    }

    /** The cluster says that there is an object. */
    Announced announced(String uid) {
        if (passes.replace(uid, pass) != null) {
            return Announced.KNOWN;
        }
        if (!budget.take(1)) {
            return Announced.TOO_MANY;
        }
        passes.put(uid, pass);
        return Announced.NEW;
    }

    /** The object is no more. */
    void deleted(String uid) {
        if (passes.remove(uid) != null) {
            budget.give(1);
        }
    }

    /** The cluster begins to tell of all objects once more. */
    void tellAgain() {
        pass++;
    }

    /** The cluster has told of all of them: those that it did not mention are no more. */
    List<String> toldAll() {
        List<String> gone = new ArrayList<>();
        passes.forEach((uid, told) -> {
            if (told != pass) {
                gone.add(uid);
            }
        });
        gone.forEach(this::deleted);
        return gone;
    }

    /** Gives the room back. */
    void forget() {
        budget.give(passes.size());
        passes.clear();
    }
}
