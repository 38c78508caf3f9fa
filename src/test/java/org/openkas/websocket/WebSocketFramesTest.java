package org.openkas.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.openkas.testkit.WebSocketMessage;

class WebSocketFramesTest {
    private final WebSocketFrames frames = new WebSocketFrames(Duration.ofSeconds(5));
    private final EmbeddedChannel channel = new EmbeddedChannel(frames);

    @AfterEach
    void finish() {
        channel.finishAndReleaseAll();
    }

    private byte[] written() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (ByteBuf bytes; (bytes = channel.readOutbound()) != null; bytes.release()) {
            byte[] some = new byte[bytes.readableBytes()];
            bytes.readBytes(some);
            out.writeBytes(some);
        }
        return out.toByteArray();
    }

    private byte[] read() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (ByteBuf bytes; (bytes = channel.readInbound()) != null; bytes.release()) {
            byte[] some = new byte[bytes.readableBytes()];
            bytes.readBytes(some);
            out.writeBytes(some);
        }
        return out.toByteArray();
    }

    @Test
    void bytesSurviveAnyCutOfTheStream() {
        Random random = new Random(5);
        byte[] payload = new byte[300_000];
        random.nextBytes(payload);
        ByteArrayOutputStream stream = new ByteArrayOutputStream();
        for (int at = 0; at < payload.length;) {
            int size = Math.min(payload.length - at, random.nextInt(4) == 0 ? 70_000 : random.nextInt(300));
            byte[] part = java.util.Arrays.copyOfRange(payload, at, at + size);
            stream.writeBytes(new WebSocketMessage(WebSocketMessage.BINARY, part).masked());
            at += size;
        }
        byte[] all = stream.toByteArray();
        ByteArrayOutputStream got = new ByteArrayOutputStream();
        for (int at = 0; at < all.length;) {
            int size = Math.min(all.length - at, 1 + random.nextInt(3000));
            channel.writeInbound(Unpooled.copiedBuffer(all, at, size));
            got.writeBytes(read());
            at += size;
        }
        assertThat(got.toByteArray()).isEqualTo(payload);
    }

    @Test
    void whatIsFlushedTogetherLeavesAsMessagesOfAtMost32KiB() {
        byte[] payload = new byte[100_000];
        new Random(1).nextBytes(payload);
        for (int at = 0; at < payload.length; at += 1000) {
            channel.write(Unpooled.copiedBuffer(payload, at, 1000));
        }
        channel.flush();
        ByteBuf out = Unpooled.wrappedBuffer(written());
        ByteArrayOutputStream got = new ByteArrayOutputStream();
        List<Integer> sizes = new ArrayList<>();
        while (out.isReadable()) {
            assertThat(out.readUnsignedByte()).isEqualTo((short) 0x82); // final, binary
            int length = out.readUnsignedByte();
            length = length == 126 ? out.readUnsignedShort() : length;
            sizes.add(length);
            byte[] some = new byte[length];
            out.readBytes(some);
            got.writeBytes(some);
        }
        assertThat(got.toByteArray()).isEqualTo(payload);
        assertThat(sizes).hasSize(4).allMatch(size -> size <= 32768);
    }

    @Test
    @DisplayName("AG-11: pings that come together get a pong each")
    void everyPingIsAnswered() {
        channel.writeInbound(Unpooled.wrappedBuffer(pings(3)));
        assertThat(new String(written(), StandardCharsets.ISO_8859_1)).isEqualTo("\u008a\u0005ping0\u008a\u0005ping1\u008a\u0005ping2");
    }

    @Test
    void ofAFloodOfPingsTheLastAreAnswered() {
        channel.writeInbound(Unpooled.wrappedBuffer(pings(1000)));
        assertThat(new String(written(), StandardCharsets.UTF_8)).endsWith("ping999").hasSize(16 * 9).contains("ping984");
    }

    private static byte[] pings(int count) {
        ByteArrayOutputStream pings = new ByteArrayOutputStream();
        for (int i = 0; i < count; i++) {
            pings.writeBytes(new WebSocketMessage(WebSocketMessage.PING, ("ping" + i).getBytes(StandardCharsets.UTF_8)).masked());
        }
        return pings.toByteArray();
    }

    @Test
    void aPeerThatDoesNotReadGetsNoPong() {
        channel.unsafe().outboundBuffer().setUserDefinedWritability(1, false);
        channel.writeInbound(Unpooled.wrappedBuffer(new WebSocketMessage(WebSocketMessage.PING, new byte[]{1}).masked()));
        assertThat(written()).isEmpty();
        channel.unsafe().outboundBuffer().setUserDefinedWritability(1, true);
        channel.runPendingTasks();
        assertThat(written()).containsExactly(0x8a, 1, 1);
    }

    @Test
    void closingWaitsForThePeersCloseFrame() {
        channel.pipeline().close();
        assertThat(written()).containsExactly(0x88, 2, 1000 >> 8, 1000 & 0xff);
        assertThat(channel.isOpen()).isTrue();
        channel.writeInbound(Unpooled.wrappedBuffer(new WebSocketMessage(WebSocketMessage.BINARY, new byte[]{1}).masked()));
        assertThat(read()).isEmpty();
        channel.writeInbound(Unpooled.wrappedBuffer(WebSocketMessage.close(1000, "").masked()));
        assertThat(channel.isOpen()).isFalse();
        assertThat(written()).isEmpty();
    }

    @Test
    void closingWaitsFiveSecondsAtMost() {
        channel.freezeTime();
        channel.pipeline().close();
        channel.advanceTimeBy(4900, TimeUnit.MILLISECONDS);
        channel.runScheduledPendingTasks();
        assertThat(channel.isOpen()).isTrue();
        channel.advanceTimeBy(200, TimeUnit.MILLISECONDS);
        channel.runScheduledPendingTasks();
        assertThat(channel.isOpen()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(ints = {999, 1004, 1005, 1006, 1015, 2999, 5000})
    void aCloseCodeThatMayNotBeSentIsAViolation(int code) {
        channel.writeInbound(Unpooled.wrappedBuffer(WebSocketMessage.close(code, "").masked()));
        assertThat(written()).startsWith(0x88).contains(1002 >> 8, 1002 & 0xff);
    }

    @Test
    void aCloseFrameWithoutCodeIsEchoedWithoutCode() {
        channel.writeInbound(Unpooled.wrappedBuffer(new WebSocketMessage(WebSocketMessage.CLOSE, new byte[0]).masked()));
        assertThat(written()).containsExactly(0x88, 0);
        assertThat(channel.isOpen()).isFalse();
    }
}
