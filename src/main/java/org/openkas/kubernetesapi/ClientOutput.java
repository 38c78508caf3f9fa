package org.openkas.kubernetesapi;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.ssl.SslHandler;
import java.time.Duration;

/**
 * What is written to one client: answers, and after an upgrade bytes, each of which may take 20 s (chapter 03 §13.1). A write
 * that fails closes the connection; so does a client that does not take what the server answers by itself. Used on the
 * connection's event loop.
 */
final class ClientOutput {
    private static final Duration UPGRADED_WRITE_TIME = Duration.ofSeconds(20);
    /** For a client to take an answer of the server's own: whoever needs longer keeps a connection without a credential. */
    private static final Duration OWN_ANSWER_TIME = Duration.ofSeconds(60);

    private final Channel channel;
    private final Deadline deadline;
    private final Runnable close;
    private final ResponseEncoder encoder = new ResponseEncoder();
    private ChannelFuture lastAnswer;
    private boolean upgraded;
    private boolean stopped;
    private boolean own;
    private int upgradedWrites;
    private Duration writeTime = UPGRADED_WRITE_TIME;

    /**
     * @param deadline of own answers, and of writes after an upgrade; nobody else's
     * @param close closes the connection without another word
     */
    ClientOutput(Channel channel, Deadline deadline, Runnable close) {
        this.channel = channel;
        this.deadline = deadline;
        this.close = close;
        lastAnswer = channel.newSucceededFuture();
    }

    /** The handler that has to be in the pipeline until {@link #upgrade}. */
    ResponseEncoder encoder() {
        return encoder;
    }

    boolean isWritable() {
        return channel.isWritable();
    }

    /** Asks the client for the body that it holds back. */
    void askForBody() {
        var _ = channel
                .writeAndFlush(new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.CONTINUE, Unpooled.EMPTY_BUFFER));
    }

    /** Status and headers; {@code bodiless} if no body follows whatever the headers say. */
    void head(HttpResponse head, boolean bodiless) {
        encoder.bodiless(bodiless);
        var _ = channel.writeAndFlush(head).addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
    }

    /** A part of a body. */
    void body(ByteBuf bytes) {
        var _ = channel.writeAndFlush(new DefaultHttpContent(bytes)).addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
    }

    /** The end of an answer. */
    void end() {
        ChannelFuture before = lastAnswer;
        lastAnswer = channel.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT).addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
        if (own) {
            own = false;
            limit(before, lastAnswer);
        }
    }

    /** The time of an answer begins when the one before it is out, which may be an agent's and take as long as it likes. */
    private void limit(ChannelFuture before, ChannelFuture answer) {
        if (!answer.isDone()) {
            before.addListener(out -> {
                if (!stopped) {
                    deadline.arm(OWN_ANSWER_TIME, close);
                }
            });
            answer.addListener(out -> deadline.disarm());
        }
    }

    /** An answer of the server's own but for its end; {@code bodiless} if it answers {@code HEAD}. */
    void answer(HttpResponse head, byte[] body, boolean bodiless) {
        own = true;
        encoder.bodiless(bodiless);
        var _ = channel.write(head);
        if (!bodiless && body.length > 0) {
            var _ = channel.write(new DefaultHttpContent(Unpooled.wrappedBuffer(body)));
        }
    }

    /** Happens when the last answer is out; one of an agent may take as long as its client likes. */
    ChannelFuture lastAnswer() {
        return lastAnswer;
    }

    /** Says that nothing more will be sent. */
    void shut() {
        SslHandler tls = channel.pipeline().get(SslHandler.class);
        if (tls != null) {
            var _ = tls.closeOutbound();
        } else if (channel instanceof DuplexChannel duplex) {
            var _ = duplex.shutdownOutput();
        }
    }

    /** From here on it is bytes that are written. */
    void upgrade() {
        upgraded = true;
        channel.pipeline().remove(encoder);
    }

    /** After an upgrade, each write may take this time instead of 20 s. */
    void patience(Duration time) {
        writeTime = time;
    }

    /** Bytes of an upgraded connection. */
    void bytes(ByteBuf bytes) {
        if (upgradedWrites++ == 0) {
            deadline.arm(writeTime, close);
        }
        var _ = channel.writeAndFlush(bytes).addListener(done -> {
            if (stopped) {
                return;
            }
            deadline.disarm();
            if (!done.isSuccess()) {
                close.run();
            } else if (--upgradedWrites > 0) {
                deadline.arm(writeTime, close);
            }
        });
    }

    /** Closes when everything that was written is out. */
    void closeAfterWrites() {
        if (stopped) {
            return;
        }
        if (upgraded) {
            deadline.arm(writeTime, close);
        }
        var _ = channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(done -> close.run());
    }

    /** The connection is closed. */
    void stop() {
        stopped = true;
        deadline.disarm();
    }
}
