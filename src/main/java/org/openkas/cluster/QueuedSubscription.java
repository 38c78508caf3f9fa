package org.openkas.cluster;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;
import org.openkas.common.Log;
import org.openkas.proto.event.GitPushEvent;

/** The events that wait for one listener, and the task that hands them over one after another. Thread-safe. */
final class QueuedSubscription implements GitPushEvents.Subscription {
    private final GitPushEvents.Listener listener;
    private final int capacity;
    private final Executor executor;
    private final Log log;
    private final Queue<GitPushEvent> waiting = new ArrayDeque<>();
    private boolean delivering;
    private boolean closed;

    QueuedSubscription(GitPushEvents.Listener listener, int capacity, Executor executor, Log log) {
        this.listener = listener;
        this.capacity = capacity;
        this.executor = executor;
        this.log = log;
    }

    /** Takes the event, or drops it where too many wait. */
    void offer(GitPushEvent event) {
        boolean start;
        synchronized (this) {
            if (closed) {
                return;
            }
            if (waiting.size() == capacity) {
                log.with("project_id", event.getProject().getFullPath()).debug("Dropping Git push event");
                return;
            }
            waiting.add(event);
            start = !delivering;
            delivering = true;
        }
        if (start) {
            executor.execute(this::deliver);
        }
    }

    /** Does not wait for a call that goes on, so that a listener may close its own subscription under its own locks. */
    @Override
    public synchronized void close() {
        closed = true;
        waiting.clear();
    }

    private void deliver() {
        while (true) {
            GitPushEvent event;
            synchronized (this) {
                event = waiting.poll();
                if (event == null) {
                    delivering = false;
                    return;
                }
            }
            call(event);
        }
    }

    private void call(GitPushEvent event) {
        try {
            listener.pushed(event);
        } catch (RuntimeException e) {
            log.with("project_id", event.getProject().getFullPath()).withError(e).error("Unable to handle received event");
        }
    }
}
