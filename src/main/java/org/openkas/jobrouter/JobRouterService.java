package org.openkas.jobrouter;

import io.grpc.BindableService;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import org.openkas.cluster.ErrorCache;
import org.openkas.common.AgentToken;
import org.openkas.common.Log;
import org.openkas.common.Timers;
import org.openkas.gitlab.CachedLookup;
import org.openkas.gitlab.GitLabClient;
import org.openkas.grpc.CallAge;
import org.openkas.grpc.CallContext;
import org.openkas.grpc.CallMethods;
import org.openkas.proto.jobrouter.GetJobRequest;
import org.openkas.proto.jobrouter.GetJobResponse;
import org.openkas.proto.jobrouter.JobRouterGrpc;

/**
 * JobRouter of the agents' API (chapter 07 §9.2): a runner waits here for a job as long as GitLab lets it wait. A request that
 * waits holds a virtual thread and a connection to GitLab. Expects {@link CallContext#TOKEN}, {@link CallContext#LOG} and
 * {@link CallContext#AGE} in the context of a call. Thread-safe.
 */
public final class JobRouterService implements BindableService, CallMethods.LongPolls {
    /** As many as there are connections to GitLab. */
    private static final int MOST_WAITING = 20_000;
    private static final Status FULL = Status.UNAVAILABLE.withDescription("too many requests for jobs are waiting");

    private final Runners runners;
    private final Jobs jobs;
    private final Timers timers;
    private final Executor executor;
    private final Set<JobPoll> waiting = ConcurrentHashMap.newKeySet();
    private volatile boolean leaving;
    private volatile boolean stopped;

    /**
     * Jobs of this GitLab.
     *
     * @param gitLab for questions that are answered at once
     * @param longPolls for those that are not
     * @param lifetimes how long it is remembered who bears a token
     * @param executor starts each task at once on a virtual thread of its own
     */
    public JobRouterService(GitLabClient gitLab, GitLabClient longPolls, ErrorCache errors, CachedLookup.Lifetimes lifetimes, Timers timers,
            Executor executor, Log log) {
        Log named = log.with("mod_name", "job_router");
        runners = new Runners(gitLab, errors, lifetimes, timers, executor, named);
        jobs = new Jobs(longPolls, timers, named);
        this.timers = timers;
        this.executor = executor;
    }

    /** The service; its method is also found under the name of GitLab Runner 18.8, as all renamed ones of agents are. */
    @Override
    public ServerServiceDefinition bindService() {
        return ServerInterceptors.intercept(new Service(), new AnswerHeaders());
    }

    private final class Service extends JobRouterGrpc.JobRouterImplBase {
        @Override
        public void getJob(GetJobRequest request, StreamObserver<GetJobResponse> observer) {
            AgentToken token = CallContext.TOKEN.get();
            if (token == null) {
                observer.onError(Status.UNAUTHENTICATED.withDescription("unauthenticated").asException());
            } else if (waiting.size() >= MOST_WAITING) {
                observer.onError(FULL.asException());
            } else {
                begin(token, request, (ServerCallStreamObserver<GetJobResponse>) observer);
            }
        }
    }

    private void begin(AgentToken token, GetJobRequest request, ServerCallStreamObserver<GetJobResponse> call) {
        if (stopped) {
            call.onNext(GetJobResponse.getDefaultInstance());
            call.onCompleted();
            return;
        }
        JobPoll poll = new JobPoll(runners, jobs, timers, token, request, call, CallContext.LOG.get());
        call.setOnCancelHandler(poll::left);
        waiting.add(poll);
        CallAge age = CallContext.AGE.get();
        // on a connection that is old already, only the end of the server ends it early
        Timers.Cancellable ending = age.ended() ? () -> {
        } : age.whenEnded(poll::endSoon);
        executor.execute(() -> {
            try {
                poll.task().run();
            } finally {
                ending.cancel();
                waiting.remove(poll);
            }
        });
        if (leaving) {
            poll.endSoon();
        }
    }

    /**
     * The server is about to stop, but waits for something else: runners that wait are told soon that there is no job. From now on
     * nobody waits for longer than a moment, in which GitLab may still give out a job: a runner with a connection to this server
     * only is not left without, and none is given a job that it never gets when the server is killed.
     */
    public void leave() {
        leaving = true;
        waiting.forEach(JobPoll::endSoon);
    }

    /** The server stops: as {@link #leave}, and GitLab is not asked any more. */
    public void stop() {
        stopped = true;
        leave();
    }

    /** How many requests wait for GitLab. */
    int waiting() {
        return waiting.size();
    }
}
