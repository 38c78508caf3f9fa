package org.openkas.jobrouter;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import java.util.Optional;

/**
 * What GitLab said to a request for a job. Immutable; never prints the job, which contains secrets.
 *
 * @param job JSON; empty for none
 * @param lastUpdate to be shown to GitLab with the next request
 * @param requestId GitLab's name for the request
 */
record JobAnswer(Status status, ByteString job, Optional<String> lastUpdate, Optional<String> requestId) {

    /** There is no job. */
    static final JobAnswer NONE = failed(Status.OK);

    /** There is no answer of GitLab. */
    static JobAnswer failed(Status status) {
        return new JobAnswer(status, ByteString.EMPTY, Optional.empty(), Optional.empty());
    }

    @Override
    public String toString() {
        return "JobAnswer[" + status.getCode() + ", " + job.size() + " bytes hidden]";
    }
}
