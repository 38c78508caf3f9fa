package org.openkas.kubernetesapi;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.IntConsumer;

/**
 * Reads requests, strictly where others may read them otherwise (chapter 03 §2.3), and stops behind one that asks for an
 * upgrade: what follows may be another protocol (§13.1). When it is removed from the pipeline it hands on the bytes that it
 * holds. Runs on the connection's event loop.
 */
final class RequestDecoder extends HttpRequestDecoder {
    /** One data message each (chapter 03 §10.4). */
    static final int LARGEST_CHUNK = 32 << 10;
    /** 1 MiB and a tolerance of 4 KiB (chapter 03 §2.2). */
    static final int LARGEST_HEAD = (1 << 20) + (4 << 10);

    private static final String VERSION = "HTTP/";

    private final IntConsumer onBytes;
    private boolean betweenRequests = true;
    private boolean lost;
    private boolean upgrading;
    private boolean holding;
    private int endOfWord;

    /** {@code onBytes} is told how many bytes arrive, before they are understood. */
    RequestDecoder(IntConsumer onBytes) {
        super(new HttpDecoderConfig().setMaxInitialLineLength(LARGEST_HEAD).setMaxHeaderSize(LARGEST_HEAD).setMaxChunkSize(LARGEST_CHUNK)
                .setAllowDuplicateContentLengths(true).setHeadersFactory(RequestHeaders.FACTORY));
        this.onBytes = onBytes;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
        if (message instanceof ByteBuf bytes) {
            onBytes.accept(bytes.readableBytes());
        }
        super.channelRead(ctx, message);
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf buffer, List<Object> out) throws Exception {
        if (holding) {
            return;
        }
        if (betweenRequests && buffer.isReadable() && !lost) {
            betweenRequests = false;
            if (buffer.getByte(buffer.readerIndex()) <= ' ') {
                // the superclass would skip it
                lost = true;
                HttpRequest bad = new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, "/");
                bad.setDecoderResult(DecoderResult.failure(new IllegalArgumentException("no request line")));
                out.add(bad);
            }
        }
        if (lost) {
            buffer.skipBytes(buffer.readableBytes());
            return;
        }
        int before = out.size();
        super.decode(ctx, buffer, out);
        for (Object message : out.subList(before, out.size())) {
            upgrading |= message instanceof HttpRequest request && request.headers().contains(HttpHeaderNames.UPGRADE);
            // what follows cannot be understood; the superclass would go on reading it behind our back
            lost |= message instanceof HttpObject object && object.decoderResult().isFailure();
            if (message instanceof LastHttpContent) {
                betweenRequests = true;
                holding = upgrading;
                upgrading = false;
            }
        }
    }

    @Override
    protected void decodeLast(ChannelHandlerContext ctx, ByteBuf buffer, List<Object> out) throws Exception {
        if (holding && buffer.isReadable()) {
            // the superclass would drop what a client sent before it half-closed
            out.add(buffer.readRetainedSlice(buffer.readableBytes()));
        } else {
            super.decodeLast(ctx, buffer, out);
        }
    }

    @Override
    protected HttpMessage createMessage(String[] initialLine) throws Exception {
        HttpMessage message = super.createMessage(initialLine);
        if (message.protocolVersion().equals(HttpVersion.HTTP_1_0) && message.headers() instanceof RequestHeaders headers) {
            headers.withoutCodings();
        }
        return message;
    }

    @Override
    protected String splitFirstWordInitialLine(byte[] line, int start, int length) {
        endOfWord = start + length;
        return super.splitFirstWordInitialLine(line, start, length);
    }

    @Override
    protected String splitSecondWordInitialLine(byte[] line, int start, int length) {
        demandBlank(line, start);
        for (int i = start; i < start + length; i++) {
            if ((line[i] >= 0 && line[i] < ' ') || line[i] == 0x7f) {
                throw new IllegalArgumentException("a control character in the target");
            }
        }
        endOfWord = start + length;
        return super.splitSecondWordInitialLine(line, start, length);
    }

    @Override
    protected String splitThirdWordInitialLine(byte[] line, int start, int length) {
        demandBlank(line, start);
        if (length < VERSION.length() || !VERSION.equals(new String(line, start, VERSION.length(), StandardCharsets.ISO_8859_1))) {
            // the superclass would turn small letters into large ones
            throw new IllegalArgumentException("no version of HTTP");
        }
        return super.splitThirdWordInitialLine(line, start, length);
    }

    /** The superclass takes anything that could pass for a gap. */
    private void demandBlank(byte[] line, int start) {
        if (start != endOfWord + 1 || line[endOfWord] != ' ') {
            throw new IllegalArgumentException("words of the request line have to be one blank apart");
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) throws Exception {
        if (holding || lost) {
            // the superclass would go on reading until it can decode something
            ctx.fireChannelReadComplete();
        } else {
            super.channelReadComplete(ctx);
        }
    }

    /** Whether bytes wait behind a request for an upgrade. */
    boolean holdsBytes() {
        return holding && actualReadableBytes() > 0;
    }

    /** If an upgrade was asked for, it was refused, and what follows is HTTP. Only while {@link #holdsBytes} is false. */
    void resume() {
        upgrading = false;
        holding = false;
    }
}
