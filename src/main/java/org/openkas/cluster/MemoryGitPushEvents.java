package org.openkas.cluster;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import org.openkas.common.Log;
import org.openkas.proto.event.GitPushEvent;

/**
 * Push events within this one server (chapter 02 §7). Each subscriber takes its events in order and at its own pace; one
 * that lags {@link #WAITING} events behind misses those that come next, with a debug line each. The publisher never
 * waits for a subscriber. Thread-safe.
 */
public final class MemoryGitPushEvents implements GitPushEvents {
    /** How many events wait for one subscriber. A missed event costs a poll period at most. */
    static final int WAITING = 256;

    private final Set<QueuedSubscription> subscriptions = ConcurrentHashMap.newKeySet();
    private final Executor executor;
    private final Log log;

    /** @param executor starts each task without waiting for others and never on the calling thread */
    public MemoryGitPushEvents(Executor executor, Log log) {
        this.executor = executor;
        this.log = log;
    }

    @Override
    public void publish(GitPushEvent event) {
        for (QueuedSubscription subscription : subscriptions) {
            subscription.offer(event);
        }
    }

    @Override
    public Subscription subscribe(Listener listener) {
        QueuedSubscription subscription = new QueuedSubscription(listener, WAITING, executor, log);
        subscriptions.add(subscription);
        return () -> {
            subscriptions.remove(subscription);
            subscription.close();
        };
    }
}
