package org.openkas.jobrouter;

import com.google.protobuf.ByteString;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.stub.ServerCallStreamObserver;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import org.openkas.common.AgentToken;
import org.openkas.common.Log;
import org.openkas.common.Timers;
import org.openkas.proto.jobrouter.GetJobRequest;
import org.openkas.proto.jobrouter.GetJobResponse;

/**
 * One request for a job, from the runner to GitLab and back. Whoever ends it first answers it; a job that comes later goes back
 * to GitLab. Thread-safe.
 */
final class JobPoll {
    /**
     * For GitLab to finish what it may be about to do for a runner that left. A request that is cut off at this very moment would
     * lose a job, and one that goes on for long would take a job away from runners that are there.
     */
    private static final Duration FINISH = Duration.ofSeconds(10);
    /** For jobs that GitLab is giving out while the server stops. */
    private static final Duration LAST_MOMENT = Duration.ofSeconds(1);

    private final Runners runners;
    private final Jobs jobs;
    private final Timers timers;
    private final AgentToken token;
    private final ByteString request;
    private final Optional<String> requestId;
    private final Metadata answerHeaders;
    private final ServerCallStreamObserver<GetJobResponse> call;
    private final Log log;
    private final AtomicBoolean over = new AtomicBoolean();
    private final AtomicBoolean ending = new AtomicBoolean();
    private final FutureTask<Void> task = new FutureTask<>(this::run, null);

    JobPoll(Runners runners, Jobs jobs, Timers timers, AgentToken token, GetJobRequest request,
            ServerCallStreamObserver<GetJobResponse> call, Log log) {
        this.runners = runners;
        this.jobs = jobs;
        this.timers = timers;
        this.token = token;
        this.request = request.getJobRequest();
        this.requestId = AnswerHeaders.ASKED_AS.get();
        this.answerHeaders = AnswerHeaders.ANSWER.get();
        this.call = call;
        this.log = log;
    }

    /** What has to run on a thread that may block. */
    FutureTask<Void> task() {
        return task;
    }

    /** The runner has left. */
    void left() {
        over.set(true);
        timers.after(FINISH, () -> task.cancel(true));
    }

    /** The server stops: the runner asks again, elsewhere. */
    void endSoon() {
        if (ending.compareAndSet(false, true)) {
            timers.after(LAST_MOMENT, () -> {
                answer(JobAnswer.NONE);
                // all runners are told before any request is cut off, and a job that comes meanwhile goes back
                timers.after(LAST_MOMENT, () -> task.cancel(true));
            });
        }
    }

    private void run() {
        try {
            long runner = runners.id(token, log);
            JobAnswer answer = jobs.ask(request, requestId);
            if (!answer(answer) && !answer.job().isEmpty()) {
                log.with("runner_id", runner).debug("A job came too late");
                jobs.giveBack(answer.job());
            }
        } catch (StatusException e) {
            answer(JobAnswer.failed(e.getStatus()));
        } catch (InterruptedException e) {
            answer(JobAnswer.NONE);
        } catch (RuntimeException e) {
            log.withError(e).error("JobRouter: unexpected failure");
            answer(JobAnswer.failed(Status.INTERNAL.withDescription("JobRouter: unexpected failure")));
        }
    }

    /** Whether this was the answer. */
    private boolean answer(JobAnswer answer) {
        if (!over.compareAndSet(false, true)) {
            return false;
        }
        if (!answer.status().isOk()) {
            call.onError(answer.status().asException());
            return true;
        }
        answer.requestId().ifPresent(id -> answerHeaders.put(AnswerHeaders.REQUEST_ID, id));
        answer.lastUpdate().ifPresent(update -> answerHeaders.put(AnswerHeaders.LAST_UPDATE, update));
        call.onNext(GetJobResponse.newBuilder().setJobResponse(answer.job()).build());
        call.onCompleted();
        return true;
    }
}
