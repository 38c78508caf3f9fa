package org.openkas.gitaly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.openkas.gitaly.GitalyAddress.HostPort;
import org.openkas.repository.RepositoryException;

class GitalyAddressTest {

    @Test
    @DisplayName("GB-42 the four forms")
    void understands() throws Exception {
        assertThat(GitalyAddress.parse("tcp://h:8075")).isEqualTo(new GitalyAddress.Remote(new HostPort("h", 8075), false));
        assertThat(GitalyAddress.parse("TCP://my_host:8075?q#f")).isEqualTo(new GitalyAddress.Remote(new HostPort("my_host", 8075), false));
        assertThat(GitalyAddress.parse("tls://[fd00::1]:9999")).isEqualTo(new GitalyAddress.Remote(new HostPort("fd00::1", 9999), true));
        assertThat(GitalyAddress.parse("unix:/run/a b.sock")).isEqualTo(new GitalyAddress.UnixSocket("/run/a b.sock"));
        assertThat(GitalyAddress.parse("unix:///run/g.sock")).isEqualTo(new GitalyAddress.UnixSocket("///run/g.sock"));
        assertThat(GitalyAddress.parse("dns:///h:8075")).isEqualTo(new GitalyAddress.Dns(Optional.empty(), new HostPort("h", 8075)));
        assertThat(GitalyAddress.parse("dns:h:8075")).isEqualTo(new GitalyAddress.Dns(Optional.empty(), new HostPort("h", 8075)));
        assertThat(GitalyAddress.parse("dns:h")).isEqualTo(new GitalyAddress.Dns(Optional.empty(), new HostPort("h", 443)));
        assertThat(GitalyAddress.parse("dns:///:8075")).isEqualTo(new GitalyAddress.Dns(Optional.empty(), new HostPort("localhost", 8075)));
        assertThat(GitalyAddress.parse("dns:::1")).isEqualTo(new GitalyAddress.Dns(Optional.empty(), new HostPort("::1", 443)));
        assertThat(GitalyAddress.parse("dns://10.0.0.1/h:8075"))
                .isEqualTo(new GitalyAddress.Dns(Optional.of(new HostPort("10.0.0.1", 53)), new HostPort("h", 8075)));
        assertThat(GitalyAddress.parse("dns://consul:8600/h"))
                .isEqualTo(new GitalyAddress.Dns(Optional.of(new HostPort("consul", 8600)), new HostPort("h", 443)));
        assertThat(new HostPort("::1", 1).authority()).isEqualTo("[::1]:1");
    }

    @ParameterizedTest(name = "GB-42 {0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {"``|address is empty", //
            "h:8075|could not dial source: invalid connection string: \"h:8075\"",
            "127.0.0.1:8075|could not dial source: invalid connection string: \"127.0.0.1:8075\"",
            "http://h|could not dial source: invalid connection string: \"http://h\"",
            "tcp://h:x|could not dial source: invalid connection string: \"tcp://h:x\"",
            "tcp://h:99999|could not dial source: invalid connection string: \"tcp://h:99999\"",
            "tcp://h:1/x|could not dial source: failed to extract host for 'tcp' connection: remote addresses should not have a path: \"/x\"",
            "tls://h:1/|could not dial source: failed to extract host for 'tls' connection: remote addresses should not have a path: \"/\"",
            "tcp://|could not dial source: failed to extract host for 'tcp' connection: remote addresses should have a host",
            "tcp:h:1|could not dial source: failed to extract host for 'tcp' connection: remote addresses should have a host",
            "tls://h|could not dial source: failed to extract host for 'tls' connection: remote addresses should have a port",
            "dns:|could not dial source: failed to parse target for 'dns' connection: dns resolver: missing address",
            "dns:///h:|could not dial source: failed to parse target for 'dns' connection: dns resolver: missing port after port-separator colon",
            "dns:a:b:c|could not dial source: failed to parse target for 'dns' connection: dns resolver: address a:b:c: not of the form host:port"})
    void refuses(String address, String text) {
        assertThatThrownBy(() -> GitalyAddress.parse(address)).isInstanceOf(RepositoryException.class).hasMessage(text)
                .extracting(e -> ((RepositoryException) e).code()).isEqualTo(RepositoryException.Code.UNKNOWN);
    }
}
