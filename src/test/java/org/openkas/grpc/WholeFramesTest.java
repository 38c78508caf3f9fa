package org.openkas.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.openkas.testkit.Http2Frame;

class WholeFramesTest {
    private final List<String> seen = new ArrayList<>();
    private int outBytes;
    private final List<byte[]> out = new ArrayList<>();
    private final WholeFrames frames = new WholeFrames(UnpooledByteBufAllocator.DEFAULT, (type, flags, length) -> {
        seen.add(type + "/" + length);
        return type != Http2Frame.GOAWAY;
    }, bytes -> {
        byte[] some = new byte[bytes.readableBytes()];
        bytes.readBytes(some);
        bytes.release();
        out.add(some);
        outBytes += some.length;
    });

    private boolean add(byte[] bytes) {
        ByteBuf in = Unpooled.copiedBuffer(bytes);
        boolean going = frames.add(in);
        assertThat(in.refCnt()).isZero();
        return going;
    }

    private byte[] all() {
        return Http2Frame.join(out.toArray(byte[][]::new));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 5, 40, 5000, 100_000})
    void framesComeWholeHoweverTheStreamIsCut(int piece) {
        Random random = new Random(piece);
        List<String> expected = new ArrayList<>();
        Set<Integer> boundaries = new HashSet<>(List.of(24));
        ByteArrayOutputStream stream = new ByteArrayOutputStream();
        stream.writeBytes(Http2Frame.PREFACE);
        for (int i = 0; i < 60; i++) {
            int length = random.nextInt(3) == 0 ? 0 : random.nextInt(16385);
            byte[] payload = new byte[length];
            random.nextBytes(payload);
            stream.writeBytes(new Http2Frame(i % 7, 0, 1, payload).bytes());
            expected.add(i % 7 + "/" + length);
            boundaries.add(stream.size());
        }
        byte[] bytes = stream.toByteArray();
        for (int at = 0; at < bytes.length;) {
            int size = Math.min(bytes.length - at, 1 + random.nextInt(piece));
            assertThat(add(Arrays.copyOfRange(bytes, at, at + size))).isTrue();
            at += size;
            assertThat(boundaries.contains(Math.max(24, outBytes))).isTrue();
        }
        assertThat(seen).isEqualTo(expected);
        assertThat(all()).isEqualTo(bytes);
        frames.release();
    }

    @Test
    void anIllegalFrameIsHandedOnWithoutWaitingForIt() {
        add(Http2Frame.PREFACE);
        add(new byte[]{0, 0x40});
        add(new byte[]{1, 0, 0, 0, 0, 0, 1, 42});
        add(new byte[]{43});
        assertThat(all()).endsWith(0, 0x40, 1, 0, 0, 0, 0, 0, 1, 42, 43);
        assertThat(seen).isEmpty();
    }

    @Test
    void nothingPassesAfterAnObjection() {
        byte[] goaway = new Http2Frame(Http2Frame.GOAWAY, 0, 0, new byte[8]).bytes();
        assertThat(add(Http2Frame.join(Http2Frame.opening(), goaway, Http2Frame.ping(1).bytes()))).isFalse();
        assertThat(seen).containsExactly("4/0", "7/8");
        assertThat(out).isEmpty();
    }
}
