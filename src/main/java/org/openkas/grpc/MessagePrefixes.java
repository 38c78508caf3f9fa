package org.openkas.grpc;

import io.netty.buffer.ByteBuf;
import java.util.Optional;

/**
 * Reads along which messages a call's DATA frames announce, and finds those that gRPC's own reader would refuse in words of
 * its own: the reference's are what operators look for (chapter 01 §2.8, §3.1). Not thread-safe: one call, one event loop.
 */
final class MessagePrefixes {
    private static final int PREFIX = 5;
    private static final int RESOURCE_EXHAUSTED = 8;
    private static final int INTERNAL = 13;

    private final boolean compressible;
    private final int maxBytes;
    private final int readableBytes;
    private int have;
    private int flags;
    private long length;
    private long left;

    /**
     * For a call.
     *
     * @param compressible whether its headers name a compression
     * @param maxBytes how large a message may be
     * @param readableBytes up to which size somebody else judges it, who sees all of it
     */
    MessagePrefixes(boolean compressible, int maxBytes, int readableBytes) {
        this.compressible = compressible;
        this.maxBytes = maxBytes;
        this.readableBytes = readableBytes;
    }

    /** Looks at the bytes of a frame without taking them; why the call is over, if it is. */
    Optional<RequestHeaders.Refusal> objection(ByteBuf data) {
        int at = data.readerIndex();
        while (at < data.writerIndex()) {
            if (left > 0) {
                int skipped = (int) Math.min(left, data.writerIndex() - at);
                left -= skipped;
                at += skipped;
            } else {
                add(data.getUnsignedByte(at));
                at++;
                if (have == PREFIX) {
                    Optional<RequestHeaders.Refusal> objection = judged();
                    if (objection.isPresent()) {
                        return objection;
                    }
                    have = 0;
                    left = length;
                }
            }
        }
        return Optional.empty();
    }

    private void add(int octet) {
        if (have == 0) {
            flags = octet;
            length = 0;
        } else {
            length = length << Byte.SIZE | octet;
        }
        have++;
    }

    private Optional<RequestHeaders.Refusal> judged() {
        if (length > readableBytes) {
            return refuse(RESOURCE_EXHAUSTED, "grpc: received message larger than max (" + length + " vs. " + maxBytes + ")");
        }
        return switch (flags) {
            case 0 -> Optional.empty();
            case 1 -> compressible ? Optional.empty() : refuse(INTERNAL, "grpc: compressed flag set with identity or empty encoding");
            default -> refuse(INTERNAL, "grpc: received unexpected payload format " + flags);
        };
    }

    private static Optional<RequestHeaders.Refusal> refuse(int status, String text) {
        return Optional.of(new RequestHeaders.Refusal(200, status, text));
    }
}
