package org.openkas.jobrouter;

import io.grpc.Status;

/** What GitLab's answer to a request for a job means to a runner (chapter 07 §9.2, step 3). Without state. */
final class JobStatus {
    /** The runner asks GitLab directly from now on. */
    static final Status OFF = Status.UNIMPLEMENTED.withDescription("GitLab's job router is not available");

    private JobStatus() {
    }

    /** {@code OK} for a job, and for none. */
    static Status of(int code) {
        return switch (code) {
            case 201, 204 -> Status.OK;
            case 401 -> Status.UNAUTHENTICATED.withDescription("unauthenticated");
            case 403 -> Status.PERMISSION_DENIED.withDescription("forbidden");
            case 409 -> Status.ABORTED.withDescription("GitLab gave the job to somebody else: ask again");
            case 429 -> Status.RESOURCE_EXHAUSTED.withDescription("GitLab's rate limit is exceeded");
            // a GitLab that does not know the path, or whose job router is off for this runner
            case 404, 501 -> OFF;
            default -> code >= 400 && code < 500
                    ? Status.INVALID_ARGUMENT.withDescription("GitLab answered with status " + code)
                    : Status.UNAVAILABLE.withDescription("GitLab answered with status " + code);
        };
    }
}
