package org.openkas.grpc;

import io.netty.buffer.ByteBuf;
import java.util.function.IntConsumer;

/**
 * Finds the types of the frames in what the server sends, wherever buffers begin and end, without consuming anything. Not
 * thread-safe.
 */
final class FrameScanner {
    private static final int HEADER = 9;

    private final IntConsumer types;
    private int headerHave;
    private int length;
    private int type;
    private int skip;

    /** {@code types} gets the type of each frame. */
    FrameScanner(IntConsumer types) {
        this.types = types;
    }

    /** Scans the readable bytes. */
    void scan(ByteBuf bytes) {
        int at = bytes.readerIndex();
        int end = bytes.writerIndex();
        while (at < end) {
            if (skip > 0) {
                int now = Math.min(skip, end - at);
                skip -= now;
                at += now;
            } else {
                header(bytes.getUnsignedByte(at++));
            }
        }
    }

    private void header(int value) {
        if (headerHave < 3) {
            length = (length << 8) | value;
        } else if (headerHave == 3) {
            type = value;
        }
        if (++headerHave == HEADER) {
            skip = length;
            headerHave = 0;
            length = 0;
            types.accept(type);
        }
    }
}
