package org.openkas.routing;

import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;

/** How a call ends for its caller. */
record EndOfCall(Status status, Metadata trailers) {

    static EndOfCall of(Status status) {
        return new EndOfCall(status, new Metadata());
    }

    /** What an agent reported, its details among the trailers as gRPC's clients look for them. */
    static EndOfCall reported(com.google.rpc.Status error, Metadata trailers) {
        if (error.getCode() == Status.Code.OK.value()) {
            return new EndOfCall(Status.OK, trailers);
        }
        com.google.rpc.Status known = Status.fromCodeValue(error.getCode()).getCode() == Status.Code.UNKNOWN
                ? error.toBuilder().setCode(Status.Code.UNKNOWN.value()).build()
                : error;
        var converted = StatusProto.toStatusException(known, trailers);
        Metadata all = converted.getTrailers();
        return new EndOfCall(converted.getStatus(), all == null ? trailers : all);
    }
}
