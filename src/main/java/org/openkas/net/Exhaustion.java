package org.openkas.net;

import io.netty.channel.unix.Errors;
import io.netty.util.internal.logging.InternalLoggerFactory;
import java.io.IOException;
import java.util.logging.Logger;

/**
 * Readiness for the moment in which the process has no descriptor left: connections cannot be accepted then, but neither can a
 * class be loaded that tells so. Thread-safe.
 */
final class Exhaustion {
    private static final int TOO_MANY_OPEN_FILES = -24;

    private Exhaustion() {
    }

    /** Goes the way of a failed accept once, so that all classes are there; nothing is logged. */
    static void prepare(boolean epoll) {
        String name = Exhaustion.class.getName();
        Logger silent = Logger.getLogger(name);
        silent.setFilter(line -> false);
        IOException failure = epoll ? Errors.newIOException("accept", TOO_MANY_OPEN_FILES) : new IOException("accept");
        InternalLoggerFactory.getInstance(name).warn("connections cannot be accepted", failure);
        silent.setFilter(null);
    }
}
