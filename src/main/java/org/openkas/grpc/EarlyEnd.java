package org.openkas.grpc;

import io.grpc.Status;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Why a guard in front of a handler ended the call, which the handler sees as a cancellation: for handlers that have to
 * tell somebody else. Thread-safe.
 */
public final class EarlyEnd {
    private final AtomicReference<Optional<Status>> status = new AtomicReference<>(Optional.empty());

    void happened(Status why) {
        status.compareAndSet(Optional.empty(), Optional.of(why));
    }

    /** The status that the peer was given; empty if the peer itself, or the network, cancelled the call. */
    public Optional<Status> status() {
        return status.get();
    }
}
