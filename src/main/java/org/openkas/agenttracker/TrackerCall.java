package org.openkas.agenttracker;

import io.grpc.Context;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import org.openkas.cluster.TrackerException;
import org.openkas.grpc.CallContext;

/** How every method of the service ends: with its answer, or with {@code UNAVAILABLE} (chapter 06 §7.1). */
final class TrackerCall {

    /** Makes the answer of a call. */
    @FunctionalInterface
    interface Answer<A> {
        A make() throws TrackerException;
    }

    private TrackerCall() {
    }

    /** @param failed what the caller reads and the log line says if the tracker fails */
    static <A> void answer(StreamObserver<A> response, String failed, Answer<A> answer) {
        A message;
        try {
            message = answer.make();
        } catch (TrackerException e) {
            // a caller that has gone away is no fault, and nobody hears the answer
            if (!Context.current().isCancelled()) {
                CallContext.LOG.get().withError(e).error(failed);
            }
            response.onError(Status.UNAVAILABLE.withDescription(failed).asRuntimeException());
            return;
        }
        response.onNext(message);
        response.onCompleted();
    }
}
