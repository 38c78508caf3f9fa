package org.openkas.net;

import java.util.Locale;

/** Words for a bind that failed, in the form that operators of KAS know (chapter 05 §8.1). */
public final class BindFailure {
    private BindFailure() {
    }

    /** {@code listen tcp 127.0.0.1:8150: bind: address already in use}. */
    public static ListenException of(ListenAddress address, Throwable failure) {
        Throwable root = failure;
        for (Throwable cause = root.getCause(); cause != null; cause = cause.getCause()) {
            root = cause;
        }
        return new ListenException(address.description() + ": bind: " + reason(String.valueOf(root.getMessage())), failure);
    }

    private static String reason(String text) {
        // netty: "bind(..) failed with error(-98): Address already in use"; Java: "Address already in use: bind"
        String reason = text;
        int failed = text.indexOf("failed");
        if (failed >= 0 && text.indexOf(": ", failed) >= 0) {
            reason = text.substring(text.indexOf(": ", failed) + 2);
        }
        String lower = reason.toLowerCase(Locale.ROOT);
        if (lower.contains("file name too long")) {
            return "invalid argument";
        }
        for (String known : new String[]{"address already in use", "permission denied", "cannot assign requested address",
                "no such file or directory"}) {
            if (lower.contains(known)) {
                return known;
            }
        }
        return reason;
    }
}
