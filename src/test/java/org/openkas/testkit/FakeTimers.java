package org.openkas.testkit;

import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.PriorityQueue;
import org.openkas.common.Timers;

/**
 * A clock that stands still until a test moves it. Due tasks run on the thread that calls {@link #advance}, in the
 * order of their times, each seeing its own due time as now.
 */
public final class FakeTimers implements Timers {
    private final PriorityQueue<Task> tasks = new PriorityQueue<>(Comparator.comparingLong(Task::dueNanos).thenComparingLong(Task::order));
    private final Instant start;
    private long nanos;
    private long order;

    private record Task(long dueNanos, long order, Runnable run) {
    }

    public FakeTimers() {
        this(Instant.parse("2026-01-02T03:04:05Z"));
    }

    public FakeTimers(Instant start) {
        this.start = start;
    }

    @Override
    public synchronized Instant now() {
        return start.plusNanos(nanos);
    }

    @Override
    public synchronized long nanos() {
        return nanos;
    }

    @Override
    public synchronized Cancellable after(Duration delay, Runnable task) {
        Task entry = new Task(nanos + Math.max(0, delay.toNanos()), order++, task);
        tasks.add(entry);
        return () -> {
            synchronized (this) {
                tasks.remove(entry);
            }
        };
    }

    /** Moves time forward and runs what becomes due on the way, also what those tasks schedule. */
    public void advance(Duration by) {
        long target = nanos() + by.toNanos();
        while (true) {
            Task next;
            synchronized (this) {
                next = tasks.peek();
                if (next == null || next.dueNanos() > target) {
                    nanos = target;
                    return;
                }
                tasks.remove(next);
                nanos = Math.max(nanos, next.dueNanos());
            }
            next.run().run();
        }
    }

    /** How many tasks wait. */
    public synchronized int pending() {
        return tasks.size();
    }
}
