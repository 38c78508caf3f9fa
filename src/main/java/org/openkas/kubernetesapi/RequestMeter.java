package org.openkas.kubernetesapi;

/**
 * Measures one request until its answer is complete; one that breaks off is not counted (chapter 03 §17.2). Used on the
 * connection's event loop.
 */
final class RequestMeter {
    /** Of what is no request: measures nothing. */
    static final RequestMeter NONE = new RequestMeter((status, received, sent) -> {
    }, true);

    private static final int SWITCHING = 101;

    private final Count count;
    private int status;
    private long received;
    private long sent;
    private boolean over;

    /** Where the sums go. */
    interface Count {
        /** The answer is complete. */
        void complete(int status, long received, long sent);
    }

    RequestMeter(Count count) {
        this(count, false);
    }

    private RequestMeter(Count count, boolean over) {
        this.count = count;
        this.over = over;
    }

    /** So many bytes of the request's body were taken. */
    void received(int bytes) {
        if (!over) {
            received += bytes;
        }
    }

    /** So many bytes of the answer's body are on their way. */
    void sent(int bytes) {
        if (!over) {
            sent += bytes;
        }
    }

    /** The client is told this status. */
    void answered(int code) {
        if (!over) {
            status = code;
        }
    }

    /** The answer is complete. */
    void complete() {
        if (!over) {
            over = true;
            count.complete(status, received, sent);
        }
    }

    /** The answer breaks off. */
    void broken() {
        over = true;
    }

    /** The connection is over, which is how one that carried another protocol ends. */
    void left() {
        if (status == SWITCHING) {
            complete();
        } else {
            broken();
        }
    }
}
