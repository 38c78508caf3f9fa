package org.openkas.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.SocketException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.openkas.config.ConfigurationException;

/** Under which URLs others reach a server. */
class OwnUrlsTest {
    private static final List<String> HOST = List.of("127.0.0.1", "10.0.0.1", "192.168.1.1", "192.168.1.2", "::1", "2001:db8::1", "fe80::1");

    /** Variables are written as {@code NAME=value NAME=value}, without their common beginning. */
    private static List<String> urls(String variables, String network, String address) throws ConfigurationException {
        return urls(variables, network, address, HOST);
    }

    private static List<String> urls(String variables, String network, String address, List<String> host) throws ConfigurationException {
        Map<String, String> all = new HashMap<>();
        for (String variable : variables.split(" ", -1)) {
            int equals = variable.indexOf('=');
            if (equals > 0) {
                all.put("OWN_PRIVATE_API_" + variable.substring(0, equals), variable.substring(equals + 1));
            }
        }
        return OwnUrls.of(all, network, address, () -> host.stream().map(InetAddress::ofLiteral).toList()).urls();
    }

    @ParameterizedTest
    @DisplayName("TC-50, CO-21 to CO-25: what works, row by row of chapter 04 §6")
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
            # row 2: unchanged, whatever else is set
            URL=grpc://x:1 PORT=abc SCHEME=http      | tcp  | 127.0.0.1:8155   | grpc://x:1
            URL=::nonsense CIDR=                     | tcp  | 127.0.0.1:8155   | ::nonsense
            # rows 9 and 10
            CIDR=10.0.0.0/8 PORT=911 SCHEME=grpcs    | tcp  | 127.0.0.1:8155   | grpcs://10.0.0.1:911
            CIDR=10.0.0.0/8 PORT=00911               | unix | /run/kas.sock    | grpc://10.0.0.1:911
            CIDR=10.0.0.0/8                          | tcp4 | 127.0.0.1:8155   | grpc://10.0.0.1:8155
            CIDR=10.0.0.1/32                         | tcp  | [::]:8155        | grpc://10.0.0.1:8155
            CIDR=2001:db8::/32 PORT=911              | tcp  | 127.0.0.1:8155   | grpc://[2001:db8::1]:911
            # row 12
            SCHEME=grpcs PORT=1                      | unix | /run/kas.sock    | unix:///run/kas.sock
            # row 13
            PORT=9000                                | tcp  | 127.0.0.1:8155   | grpc://127.0.0.1:8155
            SCHEME=grpcs                             | tcp6 | [2001:db8::1]:5  | grpcs://[2001:db8::1]:5
            -                                        | tcp  | localhost:8155   | grpc://localhost:8155
            """)
    void works(String variables, String network, String address, String url) throws ConfigurationException {
        assertThat(urls(variables == null ? "" : variables, network, address)).containsExactly(url);
    }

    @ParameterizedTest
    @DisplayName("TC-50, CO-21: what does not, row by row of chapter 04 §6")
    @CsvSource(delimiter = '|', textBlock = """
            URL=x CIDR=10.0.0.0/8 | tcp | :1 | either OWN_PRIVATE_API_URL or OWN_PRIVATE_API_CIDR should be specified, not both
            PORT=x1     | tcp | :1 | error parsing OWN_PRIVATE_API_PORT environment variable: strconv.ParseUint: parsing "x1": invalid syntax
            PORT=-1     | tcp | :1 | error parsing OWN_PRIVATE_API_PORT environment variable: strconv.ParseUint: parsing "-1": invalid syntax
            PORT=65536  | tcp | :1 | error parsing OWN_PRIVATE_API_PORT environment variable: strconv.ParseUint: parsing "65536": value out of range
            PORT=99999999999999999999 | tcp | :1 | error parsing OWN_PRIVATE_API_PORT environment variable: strconv.ParseUint: parsing "99999999999999999999": value out of range
            PORT=0      | tcp | :1 | invalid port in OWN_PRIVATE_API_PORT environment variable: 0
            SCHEME=http | tcp | :1 | OWN_PRIVATE_API_SCHEME environment variable schould be either grpc or grpcs, got: http
            CIDR=10.0.0.0   | tcp | :1 | failed to parse OWN_PRIVATE_API_CIDR environment variable: invalid CIDR address: 10.0.0.0
            CIDR=10.0.0.0/33 | tcp | :1 | failed to parse OWN_PRIVATE_API_CIDR environment variable: invalid CIDR address: 10.0.0.0/33
            CIDR=10.0.0/8   | tcp | :1 | failed to parse OWN_PRIVATE_API_CIDR environment variable: invalid CIDR address: 10.0.0/8
            CIDR=172.16.0.0/12 | tcp | :1 | no IPs matched CIDR specified in the OWN_PRIVATE_API_CIDR environment variable
            CIDR=192.168.0.0/16 | tcp | :1 | multiple IPs matched CIDR specified in the OWN_PRIVATE_API_CIDR environment variable: [192.168.1.1 192.168.1.2]
            CIDR=10.0.0.0/8 | tcp | 8155 | listener address: address 8155: missing port in address
            CIDR=10.0.0.0/8 | tcp | a:b:1 | listener address: address a:b:1: too many colons in address
            CIDR=10.0.0.0/8 | unix | /run/kas.sock | cannot determine port for own URL. Specify OWN_PRIVATE_API_PORT
            SCHEME=grpc | tcp | 8155 | listener address: address 8155: missing port in address
            SCHEME=grpc | udp | :1 | unsupported network type specified in the listener config: udp
            """)
    void fails(String variables, String network, String address, String text) {
        assertThatThrownBy(() -> urls(variables, network, address)).isInstanceOf(ConfigurationException.class).hasMessageStartingWith(text);
    }

    @ParameterizedTest
    @DisplayName("TC-50, CO-22, CO-51: a listener on every interface is reached under every routable address of the host")
    @CsvSource({"tcp, 0.0.0.0:8155", "tcp, [::]:8155", "tcp, :8155"})
    void everyInterface(String network, String address) throws ConfigurationException {
        assertThat(urls("", network, address)).containsExactly("grpc://10.0.0.1:8155", "grpc://192.168.1.1:8155", "grpc://192.168.1.2:8155",
                "grpc://[2001:db8::1]:8155");
    }

    @Test
    @DisplayName("CO-51: the addresses are of the listener's family")
    void family() throws ConfigurationException {
        assertThat(urls("SCHEME=grpcs", "tcp6", ":8155")).containsExactly("grpcs://[2001:db8::1]:8155");
        assertThat(urls("", "tcp4", ":8155", List.of("10.0.0.1", "2001:db8::1"))).containsExactly("grpc://10.0.0.1:8155");
    }

    @Test
    @DisplayName("TC-50, row 14: a host that nobody can reach does not know its URL")
    void nothingRoutable() {
        for (String address : List.of("0.0.0.0:8155", "[::]:8155")) {
            assertThatThrownBy(() -> urls("", "tcp", address, List.of("127.0.0.1", "::1", "fe80::1"))).isInstanceOf(ConfigurationException.class)
                    .hasMessage("could't determine own URL. Please set OWN_PRIVATE_API_URL or OWN_PRIVATE_API_CIDR environment variable");
        }
    }

    @Test
    @DisplayName("NR-056: one address of each of several networks; a host may have none in some of them")
    void severalNetworks() throws ConfigurationException {
        assertThat(urls("CIDR=10.0.0.0/8,2001:db8::/32", "tcp", ":8155")).containsExactly("grpc://10.0.0.1:8155", "grpc://[2001:db8::1]:8155");
        assertThat(urls("CIDR=10.0.0.0/8,fd00::/8", "tcp", ":8155")).containsExactly("grpc://10.0.0.1:8155");
        assertThatThrownBy(() -> urls("CIDR=10.0.0.0/8,192.168.0.0/16", "tcp", ":8155")).hasMessageStartingWith("multiple IPs matched");
    }

    @Test
    @DisplayName("A host whose interfaces cannot be listed")
    void unlistable() {
        assertThatThrownBy(() -> OwnUrls.of(Map.of("OWN_PRIVATE_API_CIDR", "10.0.0.0/8"), "tcp", ":1", () -> {
            throw new SocketException("no");
        })).hasMessage("net.InterfaceAddrs(): no");
    }
}
