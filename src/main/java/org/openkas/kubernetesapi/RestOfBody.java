package org.openkas.kubernetesapi;

import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.time.Duration;

/**
 * What is still to come of a body whose request was answered already: it is dropped, up to 256 KiB, so that the connection can
 * go on, or so that the client gets its answer before the connection ends (chapter 03 §13.4 row 4). Used on the connection's
 * event loop.
 */
final class RestOfBody {
    private static final Duration DROP_TIME = Duration.ofSeconds(5);
    private static final Duration LINGER_TIME = Duration.ofMillis(500);
    private static final long MOST_DROPPED = 256 << 10;

    private final ClientConnection connection;
    private final ClientInput input;
    private final ClientOutput output;
    private final Deadline deadline;
    private boolean leaving;
    private boolean lingering;
    private long dropped;

    /** @param deadline of the connection */
    RestOfBody(ClientConnection connection, ClientInput input, ClientOutput output, Deadline deadline) {
        this.connection = connection;
        this.input = input;
        this.output = output;
        this.deadline = deadline;
    }

    /** After this body comes the next request. */
    void drop() {
        begin(false);
        deadline.armAfter(output.lastAnswer(), NextRequest.IDLE_TIME, connection::close);
    }

    /** After this body, or a part of it, the connection ends. */
    void dropAndLeave() {
        begin(true);
        // a client that is still sending would otherwise lose the answer to a reset
        deadline.armAfter(output.lastAnswer(), DROP_TIME, connection::close);
        output.lastAnswer().addListener(done -> output.shut());
    }

    private void begin(boolean connectionEnds) {
        leaving = connectionEnds;
        lingering = false;
        dropped = 0;
    }

    /** So many bytes came, which may be no HTTP and end as no message. */
    void arrived(int bytes) {
        if (leaving) {
            dropped += bytes;
        }
    }

    /** Drops the next message; whether there may be more to do. */
    boolean next() {
        if (dropped > MOST_DROPPED) {
            linger();
            return false;
        }
        Object next = input.poll();
        if (next == null) {
            input.readOr(connection::end);
            return false;
        }
        if (!leaving && next instanceof HttpContent content) {
            dropped += content.content().readableBytes();
        }
        ReferenceCountUtil.release(next);
        if (next instanceof LastHttpContent content) {
            if (leaving || content.decoderResult().isFailure()) {
                connection.end();
            } else {
                connection.idle();
            }
        }
        return true;
    }

    /** Closing with unread bytes resets the connection: the client gets a moment to take its answer. */
    private void linger() {
        if (!lingering) {
            leaving = true;
            lingering = true;
            deadline.armAfter(output.lastAnswer(), LINGER_TIME, connection::close);
        }
    }
}
