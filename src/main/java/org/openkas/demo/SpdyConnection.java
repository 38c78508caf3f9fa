package org.openkas.demo;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.spdy.DefaultSpdyDataFrame;
import io.netty.handler.codec.spdy.DefaultSpdyRstStreamFrame;
import io.netty.handler.codec.spdy.DefaultSpdySynReplyFrame;
import io.netty.handler.codec.spdy.SpdyDataFrame;
import io.netty.handler.codec.spdy.SpdyFrame;
import io.netty.handler.codec.spdy.SpdyFrameCodec;
import io.netty.handler.codec.spdy.SpdyGoAwayFrame;
import io.netty.handler.codec.spdy.SpdyPingFrame;
import io.netty.handler.codec.spdy.SpdyRstStreamFrame;
import io.netty.handler.codec.spdy.SpdyStreamStatus;
import io.netty.handler.codec.spdy.SpdySynStreamFrame;
import io.netty.handler.codec.spdy.SpdyVersion;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * The server's end of a SPDY/3.1 connection over blocking streams, as kubectl uses it: the client opens streams, windows are
 * not kept. Frames are Netty's. {@link #serve} belongs to one thread; streams may be used by others.
 */
final class SpdyConnection {
    private static final int LARGEST_DATA = 16 * 1024;

    private final InputStream in;
    private final OutputStream out;
    private final EmbeddedChannel decoder = new EmbeddedChannel(new SpdyFrameCodec(SpdyVersion.SPDY_3_1));
    private final EmbeddedChannel encoder = new EmbeddedChannel(new SpdyFrameCodec(SpdyVersion.SPDY_3_1));
    private final Map<Integer, Stream> streams = new ConcurrentHashMap<>();

    SpdyConnection(InputStream in, OutputStream out) {
        this.in = in;
        this.out = out;
    }

    /** Reads until the client closes the connection; tells of each stream that it opens, on this thread. */
    void serve(Consumer<Stream> opened) throws IOException {
        byte[] bytes = new byte[32 * 1024];
        try {
            for (int count = in.read(bytes); count >= 0; count = in.read(bytes)) {
                decoder.writeInbound(Unpooled.copiedBuffer(bytes, 0, count));
                for (Object frame = decoder.readInbound(); frame != null; frame = decoder.readInbound()) {
                    try {
                        if (!take(frame, opened)) {
                            return;
                        }
                    } finally {
                        ReferenceCountUtil.release(frame);
                    }
                }
            }
        } finally {
            streams.values().forEach(stream -> stream.received.end());
            decoder.finishAndReleaseAll();
        }
    }

    private boolean take(Object frame, Consumer<Stream> opened) throws IOException {
        switch (frame) {
            case SpdySynStreamFrame syn -> {
                Stream stream = new Stream(syn);
                streams.put(syn.streamId(), stream);
                send(accepted(syn.streamId()));
                opened.accept(stream);
            }
            case SpdyDataFrame data -> stream(data.streamId()).ifPresent(stream -> stream.take(data));
            case SpdyRstStreamFrame reset -> Optional.ofNullable(streams.remove(reset.streamId())).ifPresent(Stream::reset);
            case SpdyPingFrame ping -> send(ping);
            case SpdyGoAwayFrame goAway -> {
                return false;
            }
            default -> {
                // settings, windows and headers change nothing here
            }
        }
        return true;
    }

    /** With one header, since kubectl takes no reply without a block of headers, and Netty writes none for no headers. */
    private static SpdyFrame accepted(int id) {
        DefaultSpdySynReplyFrame reply = new DefaultSpdySynReplyFrame(id);
        reply.headers().set("status", "200");
        return reply;
    }

    private Optional<Stream> stream(int id) {
        return Optional.ofNullable(streams.get(id));
    }

    private synchronized void send(SpdyFrame frame) throws IOException {
        encoder.writeOutbound(frame);
        for (ByteBuf encoded = encoder.readOutbound(); encoded != null; encoded = encoder.readOutbound()) {
            try {
                encoded.readBytes(out, encoded.readableBytes());
            } finally {
                encoded.release();
            }
        }
        out.flush();
    }

    /** One stream that the client opened. Reading and writing may be done by two threads. */
    final class Stream extends OutputStream {
        private final int id;
        private final SpdySynStreamFrame opening;
        private final BytePipe received = new BytePipe();
        private volatile boolean closed;

        private Stream(SpdySynStreamFrame opening) {
            id = opening.streamId();
            this.opening = opening;
            if (opening.isLast()) {
                received.end();
            }
        }

        /** A header that the client opened it with, or empty text. */
        String header(String name) {
            String value = opening.headers().getAsString(name);
            return value == null ? "" : value;
        }

        /** What the client sends. */
        InputStream received() {
            return received;
        }

        private void take(SpdyDataFrame data) {
            byte[] bytes = new byte[data.content().readableBytes()];
            data.content().readBytes(bytes);
            try {
                received.put(bytes, 0, bytes.length);
            } catch (IOException e) {
                received.close();
            }
            if (data.isLast()) {
                received.end();
            }
        }

        private void reset() {
            closed = true;
            received.end();
        }

        @Override
        public void write(int octet) throws IOException {
            write(new byte[]{(byte) octet}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int from, int length) throws IOException {
            for (int at = 0; at < length; at += LARGEST_DATA) {
                if (closed) {
                    throw new IOException("the client closed the stream");
                }
                send(new DefaultSpdyDataFrame(id, Unpooled.copiedBuffer(bytes, from + at, Math.min(LARGEST_DATA, length - at))));
            }
        }

        /** No more bytes follow. */
        @Override
        public void close() throws IOException {
            if (!closed) {
                closed = true;
                DefaultSpdyDataFrame last = new DefaultSpdyDataFrame(id);
                last.setLast(true);
                send(last);
            }
        }

        /** Ends both directions. */
        void cancel() throws IOException {
            closed = true;
            received.close();
            streams.remove(id);
            send(new DefaultSpdyRstStreamFrame(id, SpdyStreamStatus.CANCEL));
        }

        /** Forgets a stream that has ended both ways. */
        void done() {
            received.close();
            streams.remove(id);
        }
    }
}
