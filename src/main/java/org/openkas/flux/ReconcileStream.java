package org.openkas.flux;

import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.openkas.common.AgentToken;
import org.openkas.common.Backoff;
import org.openkas.common.Log;
import org.openkas.common.Timers;
import org.openkas.gitlab.AgentIdentification;
import org.openkas.gitlab.AgentInfo;
import org.openkas.gitlab.AgentLookup;
import org.openkas.gitlab.ProjectAccessLookup;
import org.openkas.grpc.CallAge;
import org.openkas.grpc.StatusText;
import org.openkas.proto.event.Project;
import org.openkas.proto.flux.ReconcileProjectsRequest;
import org.openkas.proto.flux.ReconcileProjectsResponse;
import org.openkas.tracing.Traced;

/**
 * One agent that wants to hear of pushes (chapter 01 §5.10). First it is found out who it is, in the time that the age of the
 * call leaves; then pushes to its projects wait, ten at most, until the agent can take a message and GitLab has said that it
 * may see the project. It holds no thread while nothing happens. Thread-safe.
 */
final class ReconcileStream {
    /** How many pushes wait for one agent. */
    static final int WAITING = 10;

    private final Parts parts;
    private final ServerCallStreamObserver<ReconcileProjectsResponse> call;
    private final Set<String> paths;
    private final AgentToken token;
    private final Backoff backoff;
    private final Executor executor;

    // guarded by this
    private final Queue<Project> waiting = new ArrayDeque<>(WAITING);
    private State state = State.IDENTIFYING;
    private Log log;
    private @Nullable FutureTask<Void> running;
    private boolean working;
    private Timers.Cancellable timer = () -> {
    };
    private Timers.Cancellable ageWait = () -> {
    };
    private Timers.Cancellable drainWait = () -> {
    };

    private enum State {
        IDENTIFYING, LISTENING, OVER
    }

    /** What all streams use. */
    record Parts(AgentIdentification agents, ProjectAccessLookup access, WatchedProjects projects, FluxMetrics metrics, Timers timers,
            RandomGenerator random, Executor executor) {
    }

    ReconcileStream(Parts parts, ReconcileProjectsRequest request, ServerCallStreamObserver<ReconcileProjectsResponse> call,
            AgentToken token, Log log) {
        this.parts = parts;
        this.call = call;
        this.paths = request.getProjectList().stream().map(org.openkas.proto.flux.Project::getId).collect(Collectors.toUnmodifiableSet());
        this.token = token;
        this.log = log;
        backoff = Backoff.Policy.MANIFESTS.begin(parts.timers(), parts.random());
        executor = Traced.bound(parts.executor());
    }

    /** Begins; called on the thread that the service was called on. */
    void start(CallAge age) {
        call.setOnCancelHandler(this::cancelled);
        call.setOnReadyHandler(this::work);
        Timers.Cancellable aged = age.whenEnded(this::aged);
        Timers.Cancellable drained = age.lasting().whenEnded(this::stop);
        boolean over;
        synchronized (this) {
            ageWait = aged;
            drainWait = drained;
            over = state == State.OVER;
        }
        if (over) {
            aged.cancel();
            drained.cancel();
        } else {
            run(this::identify);
        }
    }

    private void identify() {
        Log callLog;
        synchronized (this) {
            if (state != State.IDENTIFYING) {
                return;
            }
            callLog = log;
        }
        try {
            listen(parts.agents().identify(token, callLog));
        } catch (StatusException e) {
            if (AgentLookup.retriable(e.getStatus())) {
                backOff();
            } else {
                end(e.getStatus());
            }
        } catch (InterruptedException e) {
            end(AgentLookup.CANCELLED);
        } catch (RuntimeException e) {
            fail(e);
        }
    }

    private synchronized void backOff() {
        if (state == State.IDENTIFYING) {
            timer = parts.timers().after(backoff.next(), () -> run(this::identify));
        }
    }

    /** From here on only the agent, the end of its connection or of the server ends the stream. */
    private synchronized void listen(AgentInfo agent) {
        if (state != State.IDENTIFYING) {
            return;
        }
        state = State.LISTENING;
        ageWait.cancel();
        log = log.with("agent_id", agent.agentId());
        parts.projects().add(paths, this);
        log.debug("Started reconcile projects ...");
    }

    /** A push to one of the projects; never blocks. */
    void offer(Project project) {
        synchronized (this) {
            if (state != State.LISTENING) {
                return;
            }
            if (waiting.size() == WAITING) {
                parts.metrics().dropped();
                log.with("project_id", project.getFullPath()).debug("Dropping Git push event");
                return;
            }
            waiting.add(project);
        }
        work();
    }

    /** Something waits, or the agent can take a message: deal with it, unless somebody does already. */
    private void work() {
        synchronized (this) {
            if (working || waiting.isEmpty() || state != State.LISTENING) {
                return;
            }
            working = true;
        }
        run(this::dealWithAll);
    }

    private void dealWithAll() {
        try {
            for (Project next = next(); next != null; next = next()) {
                dealWith(next);
            }
        } catch (InterruptedException e) {
            end(AgentLookup.CANCELLED);
        } catch (RuntimeException e) {
            fail(e);
        }
    }

    private synchronized @Nullable Project next() {
        Project next = state == State.LISTENING && call.isReady() ? waiting.poll() : null;
        working = next != null;
        return next;
    }

    private void dealWith(Project project) throws InterruptedException {
        Log line;
        synchronized (this) {
            line = log;
        }
        try {
            if (!parts.access().mayAccess(token, project.getFullPath(), line)) {
                return;
            }
        } catch (StatusException e) {
            line.with("error", StatusText.of(e)).error("Failed to check if project " + project.getFullPath() + " is accessible by agent");
            return;
        }
        synchronized (this) {
            if (state == State.LISTENING) {
                parts.metrics().notified(project.getId());
                call.onNext(ReconcileProjectsResponse.newBuilder()
                        .setProject(org.openkas.proto.flux.Project.newBuilder().setId(project.getFullPath())).build());
            }
        }
    }

    private void run(Runnable task) {
        FutureTask<Void> future = new FutureTask<>(task, null);
        synchronized (this) {
            if (state == State.OVER) {
                return;
            }
            running = future;
        }
        executor.execute(future);
    }

    private void fail(RuntimeException failure) {
        Log line;
        synchronized (this) {
            line = log;
        }
        line.withError(failure).error("Flux: unexpected failure");
        end(Status.INTERNAL.withDescription("Flux: unexpected failure"));
    }

    /** The age of the call is over: a stream that does not know its agent yet goes. */
    private void aged() {
        boolean waits;
        synchronized (this) {
            waits = state == State.IDENTIFYING;
        }
        if (waits) {
            stop();
        }
    }

    /** The server drains, or no longer knows the agent; others may, and the agent goes there at once. */
    private void stop() {
        end(Status.OK);
        interrupt();
    }

    private void cancelled() {
        if (finish()) {
            interrupt();
        }
    }

    private void end(Status status) {
        if (!finish()) {
            return;
        }
        if (status.isOk()) {
            call.onCompleted();
        } else {
            call.onError(status.asException());
        }
    }

    /** True for one caller. */
    private boolean finish() {
        Log line;
        boolean listened;
        synchronized (this) {
            if (state == State.OVER) {
                return false;
            }
            listened = state == State.LISTENING;
            state = State.OVER;
            timer.cancel();
            ageWait.cancel();
            drainWait.cancel();
            waiting.clear();
            line = log;
        }
        parts.projects().remove(paths, this);
        if (listened) {
            line.debug("Stopped reconcile projects ...");
        }
        return true;
    }

    /** What still runs for the stream need not go on. */
    private void interrupt() {
        FutureTask<Void> task;
        synchronized (this) {
            task = running;
        }
        if (task != null) {
            task.cancel(true);
        }
    }
}
