package org.openkas.grpc;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.util.function.Consumer;

/**
 * Cuts what a client sends at the ends of HTTP/2 frames, so that the decoder behind never has to collect: its way of
 * collecting can keep megabytes for a peer that always leaves a frame unfinished. At most one frame is held back. Frames
 * above the largest legal size, which the decoder refuses, are handed on as they come. Not thread-safe.
 */
final class WholeFrames {
    private static final int PREFACE = 24;
    private static final int HEADER = 9;
    private static final int MAX_PAYLOAD = 16_384;

    /** Takes the headers of complete frames. */
    @FunctionalInterface
    interface Frames {
        /** A frame is complete; false stops everything. */
        boolean complete(int type, int flags, int length);
    }

    private final ByteBufAllocator alloc;
    private final Frames frames;
    private final Consumer<ByteBuf> out;
    private ByteBuf partial = Unpooled.EMPTY_BUFFER;
    private boolean prefaceSeen;
    private boolean oversized;

    WholeFrames(ByteBufAllocator alloc, Frames frames, Consumer<ByteBuf> out) {
        this.alloc = alloc;
        this.frames = frames;
        this.out = out;
    }

    /** Takes bytes over and hands complete frames on; false if {@link Frames#complete} said so. */
    boolean add(ByteBuf in) {
        try {
            while (partial.isReadable() && in.isReadable() && !oversized) {
                if (!fill(in)) {
                    return false;
                }
            }
            return pass(in);
        } finally {
            in.release();
        }
    }

    /** Gives up what is held back. */
    void release() {
        partial.release();
        partial = Unpooled.EMPTY_BUFFER;
    }

    /** Adds to the unfinished frame what belongs to it. */
    private boolean fill(ByteBuf in) {
        int needs = length(partial, partial.readerIndex());
        int now = Math.min(needs - partial.readableBytes(), in.readableBytes());
        if (partial.writableBytes() < now) {
            ByteBuf larger = alloc.buffer(needs).writeBytes(partial);
            partial.release();
            partial = larger;
        }
        partial.writeBytes(in, now);
        // its length may only be known now
        if (partial.readableBytes() < length(partial, partial.readerIndex()) && !oversized) {
            return true;
        }
        ByteBuf whole = partial;
        partial = Unpooled.EMPTY_BUFFER;
        if (!oversized && !seen(whole, whole.readerIndex())) {
            whole.release();
            return false;
        }
        out.accept(whole);
        return true;
    }

    /** Hands on the complete frames of {@code in} in one piece and holds the rest back. */
    private boolean pass(ByteBuf in) {
        int at = in.readerIndex();
        int end = in.writerIndex();
        while (at < end && !oversized) {
            int needs = length(in, at);
            if (oversized || needs > end - at) {
                break;
            }
            if (!seen(in, at)) {
                return false;
            }
            at += needs;
        }
        int whole = (oversized ? end : at) - in.readerIndex();
        if (whole > 0) {
            out.accept(in.readRetainedSlice(whole));
        }
        if (in.isReadable()) {
            partial.release();
            partial = alloc.buffer(length(in, in.readerIndex())).writeBytes(in);
        }
        return true;
    }

    /** How long the preface or frame at {@code at} is, or how much of it has to be there to know. */
    private int length(ByteBuf bytes, int at) {
        if (!prefaceSeen) {
            return PREFACE;
        }
        if (bytes.writerIndex() - at < HEADER) {
            return HEADER;
        }
        int payload = bytes.getUnsignedMedium(at);
        oversized |= payload > MAX_PAYLOAD;
        return HEADER + payload;
    }

    private boolean seen(ByteBuf bytes, int at) {
        if (!prefaceSeen) {
            prefaceSeen = true;
            return true;
        }
        return frames.complete(bytes.getUnsignedByte(at + 3), bytes.getByte(at + 4), bytes.getUnsignedMedium(at));
    }
}
