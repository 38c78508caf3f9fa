package org.openkas.jobrouter;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.google.protobuf.ByteString;
import io.grpc.Status;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.openkas.common.Log;
import org.openkas.common.Timers;
import org.openkas.gitlab.GitLabClient;
import org.openkas.gitlab.GitLabException;
import org.openkas.gitlab.GitLabRequest;
import org.openkas.gitlab.GitLabResponse;

/**
 * Asks GitLab for jobs (chapter 07 §9.2, step 2), and gives back those that no runner can get any more (step 6). All calls block
 * the calling thread, which should be a virtual one, and are given up when it is interrupted. Thread-safe.
 */
final class Jobs {
    private static final String REQUEST = "/api/v4/internal/ci/job_router/jobs/request";
    private static final String LAST_UPDATE = "X-GitLab-Last-Update";
    private static final String REQUEST_ID = "X-Request-Id";
    /** A message to a runner has room for no more. */
    private static final int LARGEST_JOB = (4 << 20) - 64;
    /** From the head of an answer to its end. */
    private static final Duration BODY_TIME = Duration.ofSeconds(60);
    private static final Duration GIVE_BACK_TIME = Duration.ofSeconds(20);
    private static final Duration QUIET = Duration.ofMinutes(1);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final GitLabClient gitLab;
    private final Timers timers;
    private final Log log;
    private long reportedNanos;
    private boolean reported;

    /** @param gitLab one for answers that take long */
    Jobs(GitLabClient gitLab, Timers timers, Log log) {
        this.gitLab = gitLab;
        this.timers = timers;
        this.log = log;
    }

    /**
     * Asks for a job; the answer may take a minute.
     *
     * @param request JSON of the runner
     * @param requestId the runner's name for its request
     */
    JobAnswer ask(ByteString request, Optional<String> requestId) throws InterruptedException {
        GitLabRequest call = GitLabRequest.of("POST", REQUEST).header("Content-Type", List.of("application/json")).body(request);
        try (GitLabResponse answer = gitLab.send(requestId.map(id -> call.header(REQUEST_ID, List.of(id))).orElse(call))) {
            Status status = JobStatus.of(answer.status());
            if (status.getCode() == Status.Code.UNAVAILABLE) {
                report(log.with("status_code", answer.status()));
            }
            ByteString job = answer.status() == 201 ? body(answer) : ByteString.EMPTY;
            if (job.size() > LARGEST_JOB) {
                giveBack(job);
                return JobAnswer.failed(Status.RESOURCE_EXHAUSTED.withDescription("the job is larger than " + LARGEST_JOB + " bytes"));
            }
            return new JobAnswer(status, job, answer.header(LAST_UPDATE), answer.header(REQUEST_ID));
        } catch (GitLabException e) {
            report(e.on(log));
            return JobAnswer.failed(Status.UNAVAILABLE.withDescription("GitLab cannot be reached"));
        } catch (IOException e) {
            report(log.withError(e));
            return JobAnswer.failed(Status.UNAVAILABLE.withDescription("GitLab's answer broke off"));
        }
    }

    private ByteString body(GitLabResponse answer) throws IOException, InterruptedException {
        Timers.Cancellable limit = timers.after(BODY_TIME, answer::close);
        try {
            return ByteString.copyFrom(answer.body().readNBytes(2 * LARGEST_JOB));
        } catch (IOException e) {
            if (Thread.interrupted()) {
                throw new InterruptedException("interrupted while reading a job");
            }
            throw e;
        } finally {
            limit.cancel();
        }
    }

    /** Thousands of runners find out at the same time that GitLab fails. */
    private synchronized void report(Log line) {
        long now = timers.nanos();
        if (!reported || now - reportedNanos >= QUIET.toNanos()) {
            reported = true;
            reportedNanos = now;
            line.error("Requests for jobs fail");
        }
    }

    /** Tells GitLab that a job failed because its runner has gone: otherwise the job would seem to run for an hour. */
    void giveBack(ByteString job) throws InterruptedException {
        long id;
        String token;
        try {
            JsonNode tree = JSON.readTree(job.toByteArray());
            id = tree.path("id").asLong();
            token = tree.path("token").asText();
        } catch (IOException e) {
            log.error("GitLab gave a job to a runner that has gone; it cannot be given back, as it is not JSON");
            return;
        }
        String body = JsonNodeFactory.instance.objectNode().put("token", token).put("state", "failed")
                .put("failure_reason", "runner_system_failure").toString();
        Log line = log.with("job_id", id);
        try (GitLabResponse answer = gitLab
                .send(GitLabRequest.of("PUT", "/api/v4/jobs/" + id).json(body).withoutServerToken().within(GIVE_BACK_TIME))) {
            if (answer.status() == 200) {
                line.warn("GitLab gave a job to a runner that has gone; reported it as failed");
            } else {
                line.with("status_code", answer.status()).error("GitLab gave a job to a runner that has gone, and does not take it back");
            }
        } catch (GitLabException e) {
            line.withError(e).error("GitLab gave a job to a runner that has gone, and does not take it back");
        }
    }
}
