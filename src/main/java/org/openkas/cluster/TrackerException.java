package org.openkas.cluster;

/** The shared state of agents and tunnels could not be reached. */
public final class TrackerException extends Exception {
    private static final long serialVersionUID = 1L;

    /** With the cause as the store tells it. */
    public TrackerException(String message, Throwable cause) {
        super(message, cause);
    }
}
