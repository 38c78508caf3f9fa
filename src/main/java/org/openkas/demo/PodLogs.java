package org.openkas.demo;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.openkas.common.Timers;

/** What the pods' containers printed, the last lines of each. By the pod's uid; one log for all containers. Thread-safe. */
final class PodLogs {
    private static final int LINES_KEPT = 1000;

    private final Timers timers;
    private final Map<String, Deque<Line>> logs = new HashMap<>();
    private long number;
    private boolean closed;

    /** One line; numbers grow over all logs. */
    record Line(long number, Instant time, String text) {
    }

    PodLogs(Timers timers) {
        this.timers = timers;
    }

    /** The container prints a line. */
    synchronized void print(String uid, String text) {
        Deque<Line> log = logs.computeIfAbsent(uid, unknown -> new ArrayDeque<>());
        log.addLast(new Line(++number, timers.now(), text));
        if (log.size() > LINES_KEPT) {
            log.removeFirst();
        }
        notifyAll();
    }

    /** The lines that are kept. */
    synchronized List<Line> lines(String uid) {
        return List.copyOf(logs.getOrDefault(uid, new ArrayDeque<>()));
    }

    /** Lines after the given one; waits for one, but not longer than {@code limit}. */
    synchronized List<Line> after(String uid, long seen, Duration limit) throws InterruptedException {
        long end = System.nanoTime() + limit.toNanos();
        while (true) {
            List<Line> lines = lines(uid).stream().filter(line -> line.number() > seen).toList();
            long left = (end - System.nanoTime()) / 1_000_000;
            if (!lines.isEmpty() || left <= 0 || closed) {
                return lines;
            }
            wait(left);
        }
    }

    /** Forgets a pod. */
    synchronized void forget(String uid) {
        logs.remove(uid);
        notifyAll();
    }

    /** Lets all who wait go. */
    synchronized void close() {
        closed = true;
        notifyAll();
    }
}
