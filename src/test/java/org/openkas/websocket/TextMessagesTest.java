package org.openkas.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.openkas.testkit.Http2Frame;
import org.openkas.testkit.WebSocketMessage;

class TextMessagesTest implements TextMessages.Events {
    private static final int BEGIN = 0x01;
    private static final int MIDDLE = 0x00;
    private static final int END = 0x80;

    private final List<String> seen = new ArrayList<>();
    private final TextMessages messages = new TextMessages(this, 1000);

    @Override
    public void message(String text) {
        seen.add(text);
    }

    @Override
    public void ping(byte[] payload) {
        seen.add("ping " + new String(payload, StandardCharsets.UTF_8));
    }

    @Override
    public void closed(CloseReason reason) {
        seen.add("closed " + reason.code() + " " + reason.reason());
    }

    @Override
    public void ended(CloseReason reason) {
        seen.add("ended " + reason.code());
    }

    private static byte[] frame(int first, String text) {
        return new WebSocketMessage(first, text.getBytes(StandardCharsets.UTF_8)).masked();
    }

    private void read(byte[] bytes) {
        ByteBuf buffer = Unpooled.copiedBuffer(bytes);
        messages.read(buffer);
        buffer.release();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 1000})
    void messagesAreWholeHoweverTheyCome(int step) {
        byte[] stream = Http2Frame.join(frame(WebSocketMessage.TEXT, "whole ü"), frame(BEGIN, "in "), frame(MIDDLE, "three "),
                frame(WebSocketMessage.PING, "?"), frame(END, "parts"), frame(WebSocketMessage.TEXT, ""), frame(WebSocketMessage.PONG, "!"),
                WebSocketMessage.close(1000, "bye").masked());
        for (int at = 0; at < stream.length; at += step) {
            read(Arrays.copyOfRange(stream, at, Math.min(stream.length, at + step)));
        }
        assertThat(seen).containsExactly("whole ü", "ping ?", "in three parts", "", "closed 1000 bye");
    }

    @Test
    void whatIsNoTextEndsTheConnectionOnce() {
        read(frame(WebSocketMessage.BINARY, "x"));
        read(frame(WebSocketMessage.TEXT, "y"));
        assertThat(seen).containsExactly("ended 1003");
    }

    @Test
    void halfACharacterIsNoText() {
        read(new WebSocketMessage(WebSocketMessage.TEXT, new byte[]{'a', (byte) 0xc3}).masked());
        read(frame(WebSocketMessage.TEXT, "y"));
        assertThat(seen).containsExactly("ended 1007");
    }

    @Test
    void theLargestMessagePassesAndALargerOneDoesNot() {
        read(frame(WebSocketMessage.TEXT, "a".repeat(1000)));
        read(Http2Frame.join(frame(BEGIN, "a".repeat(600)), frame(END, "a".repeat(401))));
        assertThat(seen).containsExactly("a".repeat(1000), "ended 1009");
    }

    @Test
    void anUnmaskedFrameEndsTheConnection() {
        read(new WebSocketMessage(WebSocketMessage.TEXT, new byte[]{'a'}).unmasked());
        assertThat(seen).containsExactly("ended 1002");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 125, 126, 65535, 65536, 100_000})
    void framesSayHowLongTheyAre(int length) {
        byte[] text = "x".repeat(length).getBytes(StandardCharsets.UTF_8);
        byte[] head = new WebSocketMessage(WebSocketMessage.TEXT, text).head(length, false);
        assertThat(bytes(TextMessages.text(text))).isEqualTo(Http2Frame.join(head, text));
    }

    @Test
    void controlFrames() {
        assertThat(bytes(TextMessages.ping())).containsExactly(0x89, 0);
        assertThat(bytes(TextMessages.pong(new byte[]{7}))).containsExactly(0x8a, 1, 7);
        assertThat(bytes(TextMessages.close(new CloseReason(1001, "x")))).containsExactly(0x88, 3, 0x03, 0xe9, 'x');
        assertThat(bytes(TextMessages.close(new CloseReason(1005, "")))).containsExactly(0x88, 0);
    }

    private static byte[] bytes(ByteBuf frame) {
        return ByteBufUtil.getBytes(frame);
    }
}
