package org.openkas.observability;

/**
 * The server as management sees it, and as the launcher talks to it: the two live in different class loaders of one
 * process and share nothing but the platform MBean server and the types of the JDK.
 */
public interface ServerMXBean {
    /** The name in the platform MBean server. */
    String NAME = "org.openkas:type=Server";

    /** System property of the launcher: {@code true} once the process has to stop; a server that still starts lets nobody in. */
    String STOP_REQUESTED = "openkas.stop.requested";

    /** {@code STARTING}, {@code RUNNING}, {@code FAILED}, {@code DRAINING} or {@code STOPPED}. */
    String getState();

    /** Why the server could not start or go on; empty while it works. */
    String getFailure();

    /** Waits until the server has failed or stopped: the text of the failure, or empty text. */
    String awaitFailure();

    /** Stops the server in order and returns when it has: listeners' grace periods, running calls. Harmless when repeated. */
    void drain();
}
