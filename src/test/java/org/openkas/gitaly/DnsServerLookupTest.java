package org.openkas.gitaly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class DnsServerLookupTest {
    private static final int IPV4 = 1;

    private final EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());

    @AfterEach
    void close() {
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }

    @Test
    void asksTheGivenServer() throws Exception {
        try (DatagramSocket server = new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))) {
            Thread.startVirtualThread(() -> answer(server));
            HostLookup lookup = new DnsServerLookup(new GitalyAddress.HostPort("127.0.0.1", server.getLocalPort()), group.next());
            assertThat(lookup.addresses("gitaly.example")).containsExactly(InetAddress.ofLiteral("10.1.2.3"),
                    InetAddress.ofLiteral("10.1.2.4"));
            assertThatThrownBy(() -> lookup.addresses("absent.example")).isInstanceOf(IOException.class)
                    .hasMessageStartingWith("DNS server 127.0.0.1:" + server.getLocalPort() + ": ");
        }
    }

    /** Answers with two addresses for names that begin with g, and that there is no such name for others. */
    private static void answer(DatagramSocket server) {
        byte[] buffer = new byte[512];
        DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
        try {
            while (true) {
                packet.setLength(buffer.length);
                server.receive(packet);
                int end = 12;
                while (buffer[end] != 0) {
                    end += buffer[end] + 1;
                }
                end += 5;
                boolean known = buffer[13] == 'g';
                int answers = known && buffer[end - 3] == IPV4 ? 2 : 0;
                ByteBuffer answer = ByteBuffer.allocate(512);
                answer.putShort((short) (buffer[0] << 8 | buffer[1] & 0xff)).putShort((short) (0x8180 | (known ? 0 : 3)));
                answer.putShort((short) 1).putShort((short) answers).putInt(0).put(buffer, 12, end - 12);
                for (int i = 0; i < answers; i++) {
                    answer.putShort((short) 0xc00c).putShort((short) IPV4).putShort((short) 1).putInt(60).putShort((short) 4)
                            .put(new byte[]{10, 1, 2, (byte) (3 + i)});
                }
                server.send(new DatagramPacket(answer.array(), answer.position(), packet.getSocketAddress()));
            }
        } catch (IOException e) {
            // the test is over
        }
    }
}
