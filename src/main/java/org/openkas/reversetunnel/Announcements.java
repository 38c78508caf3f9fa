package org.openkas.reversetunnel;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.openkas.cluster.TrackerException;
import org.openkas.cluster.TunnelTracker;
import org.openkas.common.AgentType;
import org.openkas.common.Log;
import org.openkas.common.Timers;

/**
 * Tells the other servers of which agents this one has idle tunnels (chapter 04 §2.8): at once of the first one, five seconds
 * after the last one was taken or ended unless another one came, and of all again now and then. What fails is written again
 * only then. Nobody waits for the tracker: one task an agent talks to it, and only while it has something to say.
 * Thread-safe.
 */
public final class Announcements implements IdleAgents {
    /** For how long an agent without idle tunnels is still announced: most come back at once. */
    static final Duration DELAY = Duration.ofSeconds(5);
    private static final Timers.Cancellable NOTHING = () -> {
    };

    private final TunnelTracker tracker;
    private final Duration period;
    private final Timers timers;
    private final Executor executor;
    private final Log log;
    private final Map<Long, Announced> agents = new HashMap<>();
    /** Renewing all excludes the rest, so that it never renews what was withdrawn meanwhile. */
    private final ReadWriteLock writes = new ReentrantReadWriteLock();
    private final CountDownLatch ended = new CountDownLatch(1);
    private Timers.Cancellable renewal = NOTHING;
    private boolean stopped;

    /** Where one agent stands. Guarded by the lock of its owner. */
    private static final class Announced {
        private boolean idle;
        private boolean wanted;
        private boolean told;
        private boolean busy;
        private boolean passedOver;
        private Timers.Cancellable withdrawal = NOTHING;
    }

    /**
     * Nothing is announced yet.
     *
     * @param period how often everything is written again, {@code agent.redis_conn_info_refresh}
     * @param executor runs what blocks, each task on a virtual thread
     */
    public Announcements(TunnelTracker tracker, Duration period, Timers timers, Executor executor, Log log) {
        this.tracker = tracker;
        this.period = period;
        this.timers = timers;
        this.executor = executor;
        this.log = log;
    }

    /** Begins to write everything again now and then. */
    public synchronized void start() {
        if (!stopped) {
            renewal = timers.after(period, this::renew);
        }
    }

    @Override
    public void appeared(AgentKey agent) {
        if (agent.type() != AgentType.AGENTK) {
            return; // others are not told apart by their ids alone
        }
        boolean begin;
        synchronized (this) {
            if (stopped) {
                return;
            }
            Announced announced = agents.computeIfAbsent(agent.agentId(), _ -> new Announced());
            announced.idle = true;
            announced.wanted = true;
            announced.told &= !announced.passedOver;
            announced.passedOver = false;
            announced.withdrawal.cancel();
            begin = begins(announced);
        }
        perform(agent.agentId(), begin);
    }

    @Override
    public synchronized void vanished(AgentKey agent) {
        Announced announced = agent.type() == AgentType.AGENTK ? agents.get(agent.agentId()) : null;
        if (announced != null && !stopped) {
            announced.idle = false;
            announced.withdrawal = timers.after(DELAY, () -> withdraw(agent.agentId(), announced));
        }
    }

    private void withdraw(long agentId, Announced announced) {
        boolean begin;
        synchronized (this) {
            if (announced.idle) {
                return; // another one came while the timer fired
            }
            announced.wanted = false;
            begin = begins(announced);
        }
        perform(agentId, begin);
    }

    /** Whether somebody has to tell the tracker, who is not there yet. */
    private static boolean begins(Announced announced) {
        boolean begins = !announced.busy && announced.wanted != announced.told;
        announced.busy |= begins;
        return begins;
    }

    private void perform(long agentId, boolean begin) {
        if (begin) {
            executor.execute(() -> tell(agentId));
        }
    }

    private void tell(long agentId) {
        while (true) {
            boolean wanted;
            synchronized (this) {
                wanted = agents.getOrDefault(agentId, new Announced()).wanted;
            }
            write(agentId, wanted);
            synchronized (this) {
                Announced announced = agents.get(agentId);
                if (announced == null) {
                    return;
                }
                announced.told = wanted;
                if (announced.wanted == announced.told) {
                    announced.busy = false;
                    forget(agentId, announced);
                    return;
                }
            }
        }
    }

    private void write(long agentId, boolean wanted) {
        writes.readLock().lock();
        try {
            if (wanted) {
                tracker.register(agentId);
            } else {
                tracker.unregister(agentId);
            }
        } catch (TrackerException | RuntimeException e) {
            log.with("agent_id", agentId).withError(e).error(wanted ? "Failed to register tunnel" : "Failed to unregister tunnel");
        } finally {
            writes.readLock().unlock();
        }
    }

    private void forget(long agentId, Announced announced) {
        if (!announced.told && !announced.idle) {
            agents.remove(agentId);
        }
        if (stopped && agents.isEmpty()) {
            ended.countDown();
        }
    }

    private void renew() {
        writes.writeLock().lock();
        try {
            List<Long> idle = passOverOthers();
            if (!idle.isEmpty()) {
                tracker.refresh(idle);
            }
        } catch (TrackerException | RuntimeException e) {
            log.withError(e).error("Failed to refresh data");
        } finally {
            writes.writeLock().unlock();
        }
        start();
    }

    private synchronized List<Long> passOverOthers() {
        List<Long> idle = new ArrayList<>();
        agents.forEach((agentId, announced) -> {
            if (announced.idle && !stopped) {
                idle.add(agentId);
            } else {
                announced.passedOver = true;
            }
        });
        return idle;
    }

    /**
     * Withdraws everything at once, also what was to be withdrawn later; nothing is announced any more. Blocks until that is
     * done, for {@code limit} at most.
     */
    public void stop(Duration limit) throws InterruptedException {
        List<Long> begun = new ArrayList<>();
        synchronized (this) {
            stopped = true;
            renewal.cancel();
            agents.forEach((agentId, announced) -> {
                announced.withdrawal.cancel();
                announced.idle = false;
                announced.wanted = false;
                if (begins(announced)) {
                    begun.add(agentId);
                }
            });
            if (agents.isEmpty()) {
                ended.countDown();
            }
        }
        begun.forEach(agentId -> perform(agentId, true));
        if (!ended.await(limit.toMillis(), TimeUnit.MILLISECONDS)) {
            log.with("error", "not all could be withdrawn within " + limit.toSeconds() + "s; the rest expires")
                    .error("Failed to unregister tunnel");
        }
    }
}
