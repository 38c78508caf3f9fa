package org.openkas.watch;

/** Versions of objects in a cluster: numbers, as far as one can tell (chapter 07 §8.3). Without state. */
final class ResourceVersions {
    private ResourceVersions() {
    }

    /** The later one; of those that are no numbers, the one that came later. Empty means none. */
    static String later(String before, String now) {
        if (now.isEmpty() || (number(before) && number(now) && compare(before, now) > 0)) {
            return before;
        }
        return now;
    }

    private static boolean number(String version) {
        return !version.isEmpty() && version.chars().allMatch(digit -> digit >= '0' && digit <= '9');
    }

    private static int compare(String one, String other) {
        return one.length() == other.length() ? one.compareTo(other) : Integer.compare(one.length(), other.length());
    }
}
