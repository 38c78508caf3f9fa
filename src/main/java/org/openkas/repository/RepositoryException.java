package org.openkas.repository;

import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

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

    /** What went wrong. */
    public Code code() {
        return code;
    }

    /**
     * Whether this is the first time that somebody asks: many streams may see one failure of a shared poller, and only one
     * of them should write a line about it.
     */
    public boolean firstReport() {
        return reported.compareAndSet(false, true);
    }
}
