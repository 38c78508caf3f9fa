package org.openkas.kubernetesapi;

import io.netty.channel.Channel;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * What one read of a client's socket brought and nobody has taken yet (chapter 03 §14). Whoever takes a message has to release
 * it. Used on the connection's event loop.
 */
final class ClientInput {
    /** How far a client may run ahead of the request that is being answered; beyond it, that it went away shows late. */
    private static final int MOST_AHEAD = 64 << 10;
    private static final int MOST_WAITING = 64;

    private final Channel channel;
    private final RequestDecoder decoder;
    private final Queue<Object> waiting = new ArrayDeque<>();
    private boolean ended;
    private int ahead;

    /** @param onBytes see {@link RequestDecoder} */
    ClientInput(Channel channel, IntConsumer onBytes) {
        this.channel = channel;
        decoder = new RequestDecoder(onBytes);
    }

    /** The handler that has to be in the pipeline until {@link #upgrade}. */
    RequestDecoder decoder() {
        return decoder;
    }

    void add(Object message) {
        waiting.add(message);
    }

    /** The next message, which stays here. */
    @Nullable
    Object peek() {
        return waiting.peek();
    }

    /** Takes the next message. */
    @Nullable
    Object poll() {
        return waiting.poll();
    }

    /** Whether the end of a body waits here, and so all of the body. */
    boolean holdsEnd() {
        return waiting.stream().anyMatch(LastHttpContent.class::isInstance);
    }

    boolean isEmpty() {
        return waiting.isEmpty();
    }

    /** The client has said that it sends no more. */
    void end() {
        ended = true;
    }

    /** Whether nothing comes any more but what waits here. */
    boolean isEnded() {
        return ended;
    }

    /** Reads once from the socket, or runs {@code otherwise} if there is no more to read. */
    void readOr(Runnable otherwise) {
        if (ended) {
            otherwise.run();
        } else {
            var _ = channel.read();
        }
    }

    /** A request begins: what came so far is not ahead of it. */
    void begin() {
        ahead = 0;
    }

    /** So many bytes came behind the request that is being answered. */
    void ranAhead(int bytes) {
        ahead += bytes;
    }

    boolean mayRunAhead() {
        return waiting.size() < MOST_WAITING && ahead < MOST_AHEAD;
    }

    /** As {@link ExchangeConnection#refuseUpgrade}. */
    boolean refuseUpgrade() {
        if (decoder.holdsBytes()) {
            return false;
        }
        decoder.resume();
        return true;
    }

    /** From here on it is bytes that come, the first of them those that the client sent early. */
    void upgrade() {
        channel.pipeline().remove(decoder);
    }

    /** Drops what waits. */
    void release() {
        waiting.forEach(ReferenceCountUtil::release);
        waiting.clear();
    }
}
