package org.openkas.kubernetesapi;

import io.netty.channel.Channel;
import io.netty.channel.epoll.EpollSocketChannel;
import java.time.Duration;

/**
 * Looks now and then whether a client that half-closed, as it may from its 101 on, was reset since (chapter 03 §13.4 row 3):
 * nothing is read from it any more that could tell. Only where the system is Linux; elsewhere the next write tells. Used on the
 * connection's event loop.
 */
final class ResetWatch {
    private static final Duration TIME = Duration.ofSeconds(10);
    /** Of Linux' states of TCP. */
    private static final int TCP_CLOSE = 7;

    private final Channel channel;
    private final Deadline next;
    private final Runnable close;

    /** @param close closes the connection */
    ResetWatch(Channel channel, Deadline next, Runnable close) {
        this.channel = channel;
        this.next = next;
        this.close = close;
    }

    /** Looks at once, and again until {@link #stop}. */
    void start() {
        if (channel instanceof EpollSocketChannel socket && socket.isActive()) {
            if (socket.tcpInfo().state() == TCP_CLOSE) {
                close.run();
            } else {
                next.arm(TIME, this::start);
            }
        }
    }

    void stop() {
        next.disarm();
    }
}
