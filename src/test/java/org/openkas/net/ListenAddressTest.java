package org.openkas.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.epoll.Epoll;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ListenAddressTest {

    @ParameterizedTest
    @CsvSource({"tcp,127.0.0.1:8150,127.0.0.1:8150", "tcp,localhost:0,127.0.0.1:0", "tcp4,:8150,0.0.0.0:8150", "tcp,0.0.0.0:1,0.0.0.0:1",
            "tcp4,[::]:1,0.0.0.0:1", "tcp,[::1]:5,[::1]:5", "tcp6,[::]:5,[::]:5", "tcp,127.0.0.1:,127.0.0.1:0", "unix,/run/kas.sock,/run/kas.sock"})
    void resolves(String network, String address, String bound) throws Exception {
        assertThat(BoundAddress.of(ListenAddress.of(network, address).resolve()).address()).isEqualTo(bound);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            udp  | :1               | listen udp :1: unknown network udp (use tcp, tcp4, tcp6 or unix)
            tcp  | localhost        | listen tcp: address localhost: missing port in address
            tcp  | ::1:80           | listen tcp: address ::1:80: too many colons in address
            tcp  | localhost:x      | listen tcp: lookup tcp/x: unknown port
            tcp  | localhost:70000  | listen tcp: address 70000: invalid port
            tcp6 | 127.0.0.1:1      | listen tcp6: address 127.0.0.1: no suitable address found
            tcp4 | [::1]:1          | listen tcp4: address ::1: no suitable address found
            tcp  | 127.1:1          | listen tcp: lookup 127.1: no such host
            tcp  | 127.0.0.01:1     | listen tcp: lookup 127.0.0.01: no such host
            tcp  | nowhere.invalid:1| listen tcp: lookup nowhere.invalid: no such host
            """)
    void namesWhatIsWrong(String network, String address, String text) {
        assertThatThrownBy(() -> ListenAddress.of(network, address).resolve()).isInstanceOf(ListenException.class).hasMessage(text);
    }

    @Test
    void everyInterfaceMeansBothFamiliesWhereThereAreTwo() throws Exception {
        InetSocketAddress any = (InetSocketAddress) new ListenAddress(Network.TCP, ":8150").resolve();
        assertThat(any.getAddress().isAnyLocalAddress()).isTrue();
        assertThat(any.getPort()).isEqualTo(8150);
    }

    @Test
    void ipv6OnlyDoesNotAdmitIpv4Peers() throws Exception {
        ListenAddress address = new ListenAddress(Network.TCP6, "[::]:1");
        assertThat(address.admits(new InetSocketAddress("127.0.0.1", 1))).isFalse();
        assertThat(address.admits(new InetSocketAddress("::1", 1))).isTrue();
        assertThat(new ListenAddress(Network.TCP, ":1").admits(new InetSocketAddress("127.0.0.1", 1))).isTrue();
    }

    @ParameterizedTest
    @DisplayName("CO §8.1: a listener for IPv4 takes no connection of IPv6, and says so in its address")
    @ValueSource(booleans = {true, false})
    void ipv4Only(boolean epoll) throws Exception {
        assumeTrue(!epoll || Epoll.isAvailable());
        try (EventLoops loops = new EventLoops(1, epoll)) {
            Channel listener = new ServerBootstrap().group(loops.group()).channelFactory(loops.serverChannels(Network.TCP4))
                    .childHandler(new ChannelInboundHandlerAdapter()).bind(new ListenAddress(Network.TCP4, ":0").resolve()).sync().channel();
            BoundAddress bound = BoundAddress.of(listener.localAddress());
            assertThat(bound.address()).isEqualTo("0.0.0.0:" + bound.port());
            new Socket("127.0.0.1", bound.port()).close();
            assertThatThrownBy(() -> new Socket("::1", bound.port()).close()).isInstanceOf(IOException.class);
        }
    }

    @Test
    void aSocketFileInTheWayIsNotTouched(@TempDir Path directory) throws Exception {
        Path path = Files.createFile(directory.resolve("s"));
        assertThatThrownBy(() -> new ListenAddress(Network.UNIX, path.toString()).refuseTaken())
                .hasMessage("listen unix " + path + ": bind: address already in use");
        assertThat(path).exists();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            bind(..) failed with error(-98): Address already in use | address already in use
            Address already in use: bind                            | address already in use
            bind(..) failed with error(-13): Permission denied      | permission denied
            Cannot assign requested address                         | cannot assign requested address
            File name too long                                      | invalid argument
            something else                                          | something else
            """)
    void bindFailuresAreToldInTheReferencesWords(String netty, String reason) {
        assertThat(
                BindFailure.of(new ListenAddress(Network.TCP, "1.2.3.4:5"), new RuntimeException("outer", new java.io.IOException(netty))))
                .hasMessage("listen tcp 1.2.3.4:5: bind: " + reason);
    }
}
