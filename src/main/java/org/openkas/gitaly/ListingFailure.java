package org.openkas.gitaly;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.Code;
import com.google.rpc.Status;
import io.grpc.protobuf.StatusProto;
import org.openkas.proto.gitaly.GetTreeEntriesError;

/** What a failed tree listing means (chapter 02 §5.11, §5.13). */
enum ListingFailure {
    /** There is no such revision or directory. */
    NO_SUCH_PLACE,
    /** Gitaly refused the request. */
    BAD_ARGUMENT,
    /** Anything else. */
    OTHER;

    /**
     * Tells by code and details. Gitaly before 16.8 says {@code INVALID_ARGUMENT} for a missing place, later ones
     * {@code NOT_FOUND}, both with the same detail; without it {@code NOT_FOUND} means that the repository is missing.
     */
    static ListingFailure of(Throwable failure) {
        Status status = StatusProto.fromThrowable(failure);
        if (status == null) {
            return OTHER;
        }
        boolean invalid = status.getCode() == Code.INVALID_ARGUMENT_VALUE;
        if ((invalid || status.getCode() == Code.NOT_FOUND_VALUE)
                && status.getDetailsList().stream().anyMatch(ListingFailure::namesMissingPlace)) {
            return NO_SUCH_PLACE;
        }
        return invalid ? BAD_ARGUMENT : OTHER;
    }

    private static boolean namesMissingPlace(Any detail) {
        try {
            return detail.is(GetTreeEntriesError.class) && detail.unpack(GetTreeEntriesError.class).hasResolveTree();
        } catch (InvalidProtocolBufferException e) {
            return false;
        }
    }
}
