package org.openkas.kubernetesapi;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;

/**
 * Hands to one exchange what its client sends, as the exchange can take it: the body, then the bytes of an upgraded connection
 * (chapter 03 §10, §13). All the time it watches whether the client is still there. Used on the connection's event loop.
 */
final class ExchangeInput {
    private final Exchange exchange;
    private final ClientInput input;
    private final ResetWatch resetWatch;
    private final Runnable close;
    private boolean over;
    private boolean bodyComplete;
    private boolean granted;
    private boolean upgraded;
    private boolean halfCloseTold;
    private boolean watching;

    /** @param close closes the connection without another word */
    ExchangeInput(Exchange exchange, ClientInput input, ResetWatch resetWatch, Runnable close) {
        this.exchange = exchange;
        this.input = input;
        this.resetWatch = resetWatch;
        this.close = close;
    }

    /** The exchange takes no more. */
    void end() {
        over = true;
    }

    boolean bodyComplete() {
        return bodyComplete;
    }

    /** The client has said that it sends no more, in the middle of a body. */
    boolean bodyCutShort() {
        return input.isEnded() && !bodyComplete && input.isEmpty();
    }

    /** The client is told that its upgrade is granted: from here on it may half-close and is still there. */
    void grant() {
        granted = true;
    }

    /** What comes from here on are bytes. */
    void upgrade() {
        upgraded = true;
    }

    /** Hands on the next message if it can; whether there may be more to do. */
    boolean next() {
        if (granted && input.isEnded() && !watching) {
            watching = true;
            resetWatch.start();
        }
        if (over) {
            return false;
        }
        if (upgraded) {
            return nextBytes();
        }
        return bodyComplete ? watch() : nextOfBody();
    }

    private boolean nextOfBody() {
        if (!(input.peek() instanceof HttpContent next)) {
            if (input.isEnded()) {
                exchange.brokenBody("unexpected EOF");
                return true;
            }
            input.readOr(close);
            return false;
        }
        if (next.decoderResult().isFailure()) {
            ReferenceCountUtil.release(input.poll());
            exchange.brokenBody("malformed chunked encoding");
            return true;
        }
        if (next.content().isReadable() && !exchange.wantsBody()) {
            return false;
        }
        boolean last = next instanceof LastHttpContent;
        input.poll();
        try {
            if (next.content().isReadable()) {
                exchange.body(next.content());
            }
        } finally {
            next.release();
        }
        if (last && !over) {
            bodyComplete = true;
            exchange.bodyEnded();
        }
        return true;
    }

    /** While a request is answered the client may go away; further requests, or early bytes of an upgrade, wait. */
    private boolean watch() {
        if (input.mayRunAhead()) {
            input.readOr(granted ? () -> {
            } : close);
        }
        return false;
    }

    private boolean nextBytes() {
        if (input.isEmpty()) {
            input.readOr(this::tellHalfClose);
            return false;
        }
        if (!exchange.wantsBytes()) {
            return false;
        }
        Object next = input.poll();
        try {
            if (next instanceof ByteBuf bytes) {
                exchange.bytes(bytes);
            }
        } finally {
            ReferenceCountUtil.release(next);
        }
        return true;
    }

    private void tellHalfClose() {
        if (!halfCloseTold) {
            halfCloseTold = true;
            exchange.halfClosed();
        }
    }
}
