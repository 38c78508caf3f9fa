package org.openkas.grpc;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameWriter;
import io.netty.handler.codec.http2.Http2LocalFlowController;
import io.netty.handler.codec.http2.Http2Stream;
import org.jspecify.annotations.Nullable;

/**
 * How much a peer may send before it is taken (chapter 01 §3). What nobody takes stays within a small window a stream; the
 * window grows while everything is taken as it comes, so that a long way to an agent does not slow it down. The connection's
 * own window is wide and refilled at once: no stream that waits holds up others. Runs on the connection's event loop.
 */
final class StreamWindows implements Http2LocalFlowController {
    /** Of a new stream, bytes: what a client that never reads costs. */
    static final int FIRST = 512 << 10;
    /** Of a stream whose bytes are taken fast, bytes: 20 MiB/s over a way of 100 ms. */
    static final int MOST = 2 << 20;
    /** Of a connection, bytes. */
    static final int CONNECTION = 16 << 20;

    private final Http2LocalFlowController windows;
    private final Http2Connection.PropertyKey key;
    private boolean widened;

    private StreamWindows(Http2Connection connection) {
        windows = connection.local().flowController();
        key = connection.newKey();
    }

    /** Takes charge of a connection whose streams begin with {@link #FIRST} and that has said nothing yet. */
    static void govern(Http2Connection connection) {
        connection.local().flowController(new StreamWindows(connection));
    }

    private static final class Pace {
        private int window = FIRST;
        private long taken;
    }

    /** A stream that is gone may be null. */
    @Override
    public void receiveFlowControlledFrame(@Nullable Http2Stream stream, ByteBuf data, int padding, boolean endOfStream) throws Http2Exception {
        windows.receiveFlowControlledFrame(stream, data, padding, endOfStream);
        if (stream != null) {
            Pace pace = stream.getProperty(key);
            if (pace != null && windows.unconsumedBytes(stream) > pace.window / 2) {
                pace.taken = 0;
            }
        }
    }

    /** A stream that is gone may be null. */
    @Override
    public boolean consumeBytes(@Nullable Http2Stream stream, int count) throws Http2Exception {
        boolean told = windows.consumeBytes(stream, count);
        if (stream != null) {
            taken(stream, count);
        }
        return told;
    }

    private void taken(Http2Stream stream, int count) throws Http2Exception {
        Pace pace = stream.getProperty(key);
        if (pace == null) {
            pace = new Pace();
            stream.setProperty(key, pace);
        }
        pace.taken += count;
        if (pace.taken >= 2L * pace.window && pace.window < MOST) {
            windows.incrementWindowSize(stream, pace.window);
            pace.window *= 2;
            pace.taken = 0;
        }
    }

    /** The first one for the connection is gRPC's own, which wants it as wide as a stream's. */
    @Override
    public void incrementWindowSize(Http2Stream stream, int delta) throws Http2Exception {
        boolean first = stream.id() == 0 && !widened;
        widened |= first;
        windows.incrementWindowSize(stream, first ? CONNECTION - windows.windowSize(stream) : delta);
    }

    @Override
    public Http2LocalFlowController frameWriter(Http2FrameWriter frameWriter) {
        windows.frameWriter(frameWriter);
        return this;
    }

    @Override
    public void channelHandlerContext(@Nullable ChannelHandlerContext ctx) throws Http2Exception {
        windows.channelHandlerContext(ctx);
    }

    @Override
    public int unconsumedBytes(Http2Stream stream) {
        return windows.unconsumedBytes(stream);
    }

    @Override
    public int initialWindowSize(Http2Stream stream) {
        return windows.initialWindowSize(stream);
    }

    @Override
    public void initialWindowSize(int size) throws Http2Exception {
        windows.initialWindowSize(size);
    }

    @Override
    public int initialWindowSize() {
        return windows.initialWindowSize();
    }

    @Override
    public int windowSize(Http2Stream stream) {
        return windows.windowSize(stream);
    }
}
