package org.openkas.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http2.DefaultHttp2Connection;
import io.netty.handler.codec.http2.DefaultHttp2FrameWriter;
import io.netty.handler.codec.http2.DefaultHttp2LocalFlowController;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2LocalFlowController;
import io.netty.handler.codec.http2.Http2Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class StreamWindowsTest {
    private static final int FRAME = 16 << 10;

    private final EmbeddedChannel channel = new EmbeddedChannel(new ChannelInboundHandlerAdapter());
    private final Http2Connection connection = new DefaultHttp2Connection(true);
    private Http2LocalFlowController windows;
    private Http2Stream stream;

    @BeforeEach
    void open() throws Exception {
        connection.local().flowController(new DefaultHttp2LocalFlowController(connection, 0.5f, true));
        StreamWindows.govern(connection);
        windows = connection.local().flowController();
        windows.frameWriter(new DefaultHttp2FrameWriter());
        windows.channelHandlerContext(channel.pipeline().firstContext());
        windows.initialWindowSize(StreamWindows.FIRST);
        windows.incrementWindowSize(connection.connectionStream(), StreamWindows.FIRST - windows.windowSize(connection.connectionStream()));
        stream = connection.remote().createStream(1, false);
    }

    @AfterEach
    void close() {
        channel.finishAndReleaseAll();
    }

    private void receive(int bytes) throws Exception {
        for (int left = bytes; left > 0; left -= FRAME) {
            ByteBuf data = Unpooled.wrappedBuffer(new byte[FRAME]);
            windows.receiveFlowControlledFrame(stream, data, 0, false);
            data.release();
        }
    }

    private void take(int bytes) throws Exception {
        for (int left = bytes; left > 0; left -= FRAME) {
            windows.consumeBytes(stream, FRAME);
        }
    }

    private void pass(int bytes) throws Exception {
        for (int left = bytes; left > 0; left -= FRAME) {
            receive(FRAME);
            take(FRAME);
        }
    }

    @Test
    void theConnectionIsWiderThanAnyStreamAndRefilledAtOnce() throws Exception {
        assertThat(windows.windowSize(connection.connectionStream())).isEqualTo(StreamWindows.CONNECTION);
        receive(StreamWindows.FIRST);
        assertThat(windows.windowSize(stream)).isZero();
        assertThat(windows.windowSize(connection.connectionStream())).isGreaterThan(StreamWindows.CONNECTION / 2);
    }

    @Test
    void onlyTheFirstIncrementOfTheConnectionIsWidened() throws Exception {
        windows.incrementWindowSize(connection.connectionStream(), 1 << 20);
        assertThat(windows.initialWindowSize(connection.connectionStream())).isEqualTo(StreamWindows.CONNECTION + (1 << 20));
    }

    @Test
    void aStreamThatIsTakenAsItComesGrowsUpToItsMost() throws Exception {
        assertThat(windows.initialWindowSize(stream)).isEqualTo(StreamWindows.FIRST);
        pass(2 * StreamWindows.FIRST);
        assertThat(windows.initialWindowSize(stream)).isEqualTo(2 * StreamWindows.FIRST);
        pass(64 << 20);
        assertThat(windows.initialWindowSize(stream)).isEqualTo(StreamWindows.MOST);
        assertThat(windows.windowSize(stream)).isLessThanOrEqualTo(StreamWindows.MOST);
    }

    @Test
    void aStreamThatLagsBehindStaysSmall() throws Exception {
        pass(FRAME);
        int lag = StreamWindows.FIRST / 2 + FRAME;
        for (int i = 0; i < 100; i++) {
            receive(lag);
            take(lag);
        }
        assertThat(windows.initialWindowSize(stream)).isEqualTo(StreamWindows.FIRST);
    }

    @Test
    void bytesOfAStreamThatIsGoneCountForTheConnectionOnly() throws Exception {
        ByteBuf data = Unpooled.wrappedBuffer(new byte[FRAME]);
        windows.receiveFlowControlledFrame(null, data, 0, false);
        data.release();
        assertThat(windows.consumeBytes(null, FRAME)).isFalse();
        assertThat(windows.windowSize(connection.connectionStream())).isEqualTo(StreamWindows.CONNECTION - FRAME);
    }
}
