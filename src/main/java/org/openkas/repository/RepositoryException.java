package org.openkas.repository;

import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.openkas.grpc.StatusText;

/** Reading a repository failed. The message has the form {@code <code>[: <rpc>]: <message>[: <path>][: <cause>]}. */
public final class RepositoryException extends Exception {
    private static final long serialVersionUID = 1L;

    /** What went wrong. */
    public enum Code {
        /** No such ref, directory or file. */
        NOT_FOUND("NotFound"),
        /** The file is larger than asked for. */
        FILE_TOO_BIG("FileTooBig"),
        /** The path is not a regular file. */
        UNEXPECTED_TREE_ENTRY_TYPE("UnexpectedTreeEntryType"),
        /** The server of the repository refused the arguments. */
        INVALID_ARGUMENT("InvalidArgument"),
        /** The server of the repository could not be asked. */
        RPC_ERROR("RpcError"),
        /** The answer made no sense. */
        PROTOCOL_ERROR("ProtocolError"),
        /** Anything else; the message stands for itself. */
        UNKNOWN("UnknownErr");

        private final String label;

        Code(String label) {
            this.label = label;
        }

        /** The word at the beginning of the message. */
        public String label() {
            return label;
        }
    }

    private final Code code;
    private final transient AtomicBoolean reported = new AtomicBoolean();

    /** A failure whose message is complete already. */
    public RepositoryException(Code code, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.code = code;
    }

    /** No such ref, directory or file; {@code rpc} as in chapter 02 §5.11. */
    public static RepositoryException notFound(String rpc, String path) {
        return of(Code.NOT_FOUND, rpc, "file/directory/ref not found", path, null);
    }

    /** The file is larger than asked for; {@code cause} says how large. */
    public static RepositoryException fileTooBig(String path, Throwable cause) {
        return of(Code.FILE_TOO_BIG, "TreeEntry", "file is too big", path, cause);
    }

    /** The path names a directory, a submodule or something else that is no file. */
    public static RepositoryException unexpectedTreeEntryType(String path) {
        return of(Code.UNEXPECTED_TREE_ENTRY_TYPE, "TreeEntry.Recv", "file is not a usual file", path, null);
    }

    /** The server of the repository refused the arguments of a listing. */
    public static RepositoryException invalidArgument(String rpc, String path, Throwable cause) {
        return of(Code.INVALID_ARGUMENT, rpc, "invalid argument", path, cause);
    }

    /** The server of the repository could not be asked; {@code path} may be empty. */
    public static RepositoryException rpcFailed(String rpc, String path, Throwable cause) {
        return of(Code.RPC_ERROR, rpc, "RPC failed", path, cause);
    }

    /** The list of refs could not be understood. */
    public static RepositoryException badAdvertisement(String reason) {
        return new RepositoryException(Code.PROTOCOL_ERROR,
                Code.PROTOCOL_ERROR.label() + ": failed to parse reference discovery: " + reason, null);
    }

    private static RepositoryException of(Code code, String rpc, String message, String path, @Nullable Throwable cause) {
        StringBuilder text = new StringBuilder(code.label()).append(": ").append(rpc).append(": ").append(message);
        if (!path.isEmpty()) {
            text.append(": ").append(path);
        }
        if (cause != null) {
            text.append(": ").append(StatusText.of(cause));
        }
        return new RepositoryException(code, text.toString(), cause);
    }

    /** What went wrong. */
    public Code code() {
        return code;
    }

    /** Whether the server of the repository ended the call as cancelled or too late; no line is written about that. */
    public boolean abandoned() {
        Status status = switch (getCause()) {
            case StatusException e -> e.getStatus();
            case StatusRuntimeException e -> e.getStatus();
            case null, default -> Status.OK;
        };
        // with a cause it was this side, which could not read the answer
        return status.getCause() == null
                && (status.getCode() == Status.Code.CANCELLED || status.getCode() == Status.Code.DEADLINE_EXCEEDED);
    }

    /**
     * Whether this is the first time that somebody asks: many streams may see one failure of a shared poller, and only one
     * of them should write a line about it. Nobody should if the call was {@linkplain #abandoned() abandoned}.
     */
    public boolean firstReport() {
        return !abandoned() && reported.compareAndSet(false, true);
    }
}
