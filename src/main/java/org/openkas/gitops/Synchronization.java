package org.openkas.gitops;

import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.stub.ServerCallStreamObserver;
import org.jspecify.annotations.Nullable;
import org.openkas.common.Log;
import org.openkas.gitlab.ProjectInfo;
import org.openkas.proto.gitops.ObjectsToSynchronizeRequest;
import org.openkas.proto.gitops.ObjectsToSynchronizeResponse;
import org.openkas.repository.Repository;
import org.openkas.repository.RepositoryException;

/**
 * Answers a request: header, objects, trailer; whatever fails after the header ends the stream without a trailer, and the agent
 * throws the batch away (chapter 01 §5.5.9). {@link #send} is called once; {@link #wake} by any thread.
 */
final class Synchronization {
    private static final String FAILED = "GitOps: failed to get objects to synchronize";
    private static final String COUNTER = "gitops_sync";

    private final StreamParts parts;
    private final ObjectsToSynchronizeRequest request;
    private final Outlet outlet;

    Synchronization(StreamParts parts, ObjectsToSynchronizeRequest request, ServerCallStreamObserver<ObjectsToSynchronizeResponse> call) {
        this.parts = parts;
        this.request = request;
        outlet = new Outlet(call);
    }

    /** The agent may take more now. */
    void wake() {
        outlet.wake();
    }

    /**
     * Sends all there is at a commit; takes as long as the agent takes to receive it.
     *
     * @throws StatusException with what the stream ends with
     * @throws InterruptedException if the agent has gone
     */
    void send(ProjectInfo project, String commit, Log log) throws StatusException, InterruptedException {
        log.info("GitOps: new commit");
        outlet.header(commit, project.projectId());
        Batch batch = new Batch(parts.reader(), new Repository(project.gitaly(), project.repository()), commit, parts.settings(), outlet);
        try {
            batch.send(request.getPathsList());
        } catch (ManifestException e) {
            throw refused(String.valueOf(e.getMessage()), log);
        } catch (RepositoryException e) {
            throw failed(e, log);
        }
        outlet.trailer();
        log.with("files_visited", batch.visited()).with("files_sent", batch.sent()).info("GitOps: fetched files");
        parts.usage().add(COUNTER);
    }

    /** Somebody has to change files or paths, and the agent is told why. */
    private static StatusException refused(String reason, Log log) {
        String error = "manifest file: " + reason;
        log.with("error", error).info(FAILED);
        return Status.FAILED_PRECONDITION.withDescription(FAILED + ": " + error).asException();
    }

    private static StatusException failed(RepositoryException failure, Log log) {
        return switch (failure.code()) {
            case NOT_FOUND, FILE_TOO_BIG, UNEXPECTED_TREE_ENTRY_TYPE, INVALID_ARGUMENT ->
                refused(String.valueOf(failure.getMessage()), log);
            case UNKNOWN -> reported(failure, "GitOps: PathFetcher", log);
            case RPC_ERROR, PROTOCOL_ERROR -> switch (cause(failure)) {
                case CANCELLED -> Status.CANCELLED.withDescription(FAILED).asException();
                case DEADLINE_EXCEEDED -> Status.DEADLINE_EXCEEDED.withDescription(FAILED).asException();
                default -> reported(failure, FAILED, log);
            };
        };
    }

    private static StatusException reported(RepositoryException failure, String what, Log log) {
        if (failure.firstReport()) {
            log.withError(failure).error(what);
        }
        return Status.UNAVAILABLE.withDescription(what).asException();
    }

    /** The status that the repository's server ended the call with. */
    private static Status.Code cause(RepositoryException failure) {
        @Nullable
        Throwable cause = failure.getCause();
        return cause == null ? Status.Code.UNKNOWN : Status.fromThrowable(cause).getCode();
    }
}
