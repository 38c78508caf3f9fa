package org.openkas.grpc;

import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** How a gRPC status reads inside a message: {@code rpc error: code = NotFound desc = ...} (chapter 02 §5.11, chapter 03 §9.2). */
public final class StatusText {
    private StatusText() {
    }

    /** The text of a failure; one that carries no status is given as its message, or its class if there is none. */
    public static String of(Throwable failure) {
        Status status = switch (failure) {
            case StatusException e -> e.getStatus();
            case StatusRuntimeException e -> e.getStatus();
            default -> null;
        };
        return status == null ? plain(failure) : of(status);
    }

    /** The text of a status, with what is known of its cause. */
    public static String of(Status status) {
        // below a first line gRPC may list its pipeline, which tells an operator nothing
        String text = status.getDescription() == null ? "" : status.getDescription().replaceFirst("\\nChannel Pipeline: .*", "");
        Throwable cause = root(status.getCause());
        // gRPC describes a lost or refused connection as "io exception"; what an operator needs stands in the cause
        if (cause != null && !text.contains(plain(cause))) {
            text = text.isEmpty() ? plain(cause) : text + ": " + plain(cause);
        }
        return "rpc error: code = " + codeName(status.getCode()) + " desc = " + text;
    }

    private static @Nullable Throwable root(@Nullable Throwable failure) {
        Throwable deepest = failure;
        while (deepest != null && deepest.getCause() != null) {
            deepest = deepest.getCause();
        }
        return deepest;
    }

    private static String plain(Throwable failure) {
        String text = failure.getMessage();
        return text == null || text.isEmpty() ? failure.getClass().getName() : text;
    }

    /** The spelling of the Go libraries: {@code Canceled}, {@code OK}, otherwise capitalised words without separators. */
    private static String codeName(Status.Code code) {
        return switch (code) {
            case OK -> "OK";
            case CANCELLED -> "Canceled";
            default -> {
                StringBuilder name = new StringBuilder();
                for (String word : code.name().split("_", -1)) {
                    name.append(word.charAt(0)).append(word.substring(1).toLowerCase(Locale.ROOT));
                }
                yield name.toString();
            }
        };
    }
}
