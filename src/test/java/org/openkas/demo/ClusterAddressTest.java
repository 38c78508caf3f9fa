package org.openkas.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(30)
class ClusterAddressTest {
    @TempDir
    Path directory;

    private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();

    @AfterEach
    void stop() {
        executor.shutdownNow();
    }

    private Path kubeconfig(String server, String cluster, String user) throws IOException {
        return Files.writeString(directory.resolve("kubeconfig"), """
                clusters: [{name: c, cluster: {server: "%s"%s}}]
                users: [{name: u, user: {%s}}]
                contexts: [{name: x, context: {cluster: c, user: u}}]
                current-context: x
                """.formatted(server, cluster, user));
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    /** A server with a certificate that says one line to whoever connects: the client's name. */
    private SSLServerSocket server(X509Bundle certificate, X509Bundle clients) throws Exception {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(certificate.toKeyManagerFactory().getKeyManagers(), clients.toTrustManagerFactory().getTrustManagers(), null);
        SSLServerSocket server = (SSLServerSocket) context.getServerSocketFactory().createServerSocket(0, 1,
                InetAddress.getLoopbackAddress());
        server.setWantClientAuth(true);
        return server;
    }

    private Future<String> greet(SSLServerSocket server) {
        return executor.submit(() -> {
            try (SSLSocket socket = (SSLSocket) server.accept()) {
                String name = "nobody";
                try {
                    name = socket.getSession().getPeerPrincipal().getName();
                } catch (javax.net.ssl.SSLPeerUnverifiedException e) {
                    // no certificate came
                }
                socket.getOutputStream().write((name + "\n").getBytes(StandardCharsets.UTF_8));
                return name;
            }
        });
    }

    private static X509Bundle authority(String name) throws Exception {
        return new CertificateBuilder().subject("CN=" + name).ecp256().setIsCertificateAuthority(true).buildSelfSigned();
    }

    private static String line(Socket socket) throws IOException {
        return new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8)).readLine();
    }

    @Test
    void aClientCertificateIsShownToAServerThatTheFileTrusts() throws Exception {
        X509Bundle authority = authority("authority");
        X509Bundle certificate = new CertificateBuilder().subject("CN=server").ecp256().addSanIpAddress("127.0.0.1")
                .buildIssuedBy(authority);
        X509Bundle client = new CertificateBuilder().subject("CN=client").ecp256().buildIssuedBy(authority);
        Path key = Files.writeString(directory.resolve("client.key"), client.getPrivateKeyPEM());
        try (SSLServerSocket server = server(certificate, authority)) {
            Path file = kubeconfig("https://127.0.0.1:" + server.getLocalPort(),
                    ", certificate-authority-data: " + base64(authority.getCertificatePEM()),
                    "client-certificate-data: %s, client-key: %s".formatted(base64(client.getCertificatePEM()), key.getFileName()));
            greet(server);
            try (Socket socket = ClusterAddress.ofKubeconfig(file).connect()) {
                assertThat(line(socket)).isEqualTo("CN=client");
            }
        }
    }

    @Test
    void aServerThatTheFileDoesNotTrustIsRefused() throws Exception {
        X509Bundle authority = authority("authority");
        X509Bundle certificate = new CertificateBuilder().subject("CN=server").ecp256().addSanIpAddress("127.0.0.1")
                .buildIssuedBy(authority);
        X509Bundle elsewhere = new CertificateBuilder().subject("CN=server").ecp256().addSanDnsName("elsewhere").buildIssuedBy(authority);
        try (SSLServerSocket trusted = server(certificate, authority); SSLServerSocket misnamed = server(elsewhere, authority)) {
            greet(trusted);
            greet(misnamed);
            Path file = kubeconfig("https://127.0.0.1:" + trusted.getLocalPort(),
                    ", certificate-authority-data: " + base64(authority("other").getCertificatePEM()), "token: t");
            ClusterAddress stranger = ClusterAddress.ofKubeconfig(file);
            assertThatThrownBy(stranger::connect).isInstanceOf(SSLHandshakeException.class);
            ClusterAddress other = ClusterAddress.ofKubeconfig(kubeconfig("https://127.0.0.1:" + misnamed.getLocalPort(),
                    ", certificate-authority-data: " + base64(authority.getCertificatePEM()), "token: t"));
            assertThatThrownBy(other::connect).isInstanceOf(SSLHandshakeException.class);
            greet(misnamed);
            try (Socket socket = ClusterAddress.ofKubeconfig(
                    kubeconfig("https://127.0.0.1:" + misnamed.getLocalPort(), ", insecure-skip-tls-verify: true", "token: t")).connect()) {
                assertThat(line(socket)).isEqualTo("nobody");
            }
        }
    }

    @Test
    void aTokenGoesOutOverTlsOnly() throws Exception {
        Path token = Files.writeString(directory.resolve("token"), "from-a-file\n");
        assertThat(ClusterAddress.ofKubeconfig(kubeconfig("https://h", "", "token: secret")).authorization())
                .isEqualTo(Optional.of("Bearer secret"));
        assertThat(ClusterAddress.ofKubeconfig(kubeconfig("https://h", "", "token: x, tokenFile: " + token)).authorization())
                .isEqualTo(Optional.of("Bearer from-a-file"));
        ClusterAddress plain = ClusterAddress.ofKubeconfig(kubeconfig("http://h/prefix/", "", "token: secret"));
        assertThat(plain.authorization()).isEmpty();
        assertThat(plain.prefix()).isEqualTo("/prefix");
        assertThat(plain).hasToString("http://h/prefix/");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            https://h | , proxy-url: p            | token: t                  | clusters[].cluster.proxy-url: not supported here
            https://h |                           | exec: {command: c}        | users[].user.exec: not supported here; give a token
            https://h |                           | 'username: u, password: p' | users[].user.username: not supported here; give a token
            https://h |                           | as: other                 | users[].user.as: not supported here
            https://h |                           | client-certificate: /none | client-certificate: java.nio.file.NoSuchFileException: /none
            https://h |                           | client-certificate-data: eA== | client-certificate and client-key are both needed
            https://h | , certificate-authority-data: '***' | token: t        | a certificate or key cannot be used
            ftp://h   |                           | token: t                  | clusters[].cluster.server: expected a URL that begins with https://
            'a b'     |                           | token: t                  | clusters[].cluster.server: not a URL
            """)
    void whatIsNotSupportedIsNamed(String server, String cluster, String user, String message) throws Exception {
        Path file = kubeconfig(server, cluster == null ? "" : cluster, user);
        assertThatThrownBy(() -> ClusterAddress.ofKubeconfig(file)).isInstanceOf(IOException.class)
                .hasMessageStartingWith("kubeconfig " + file + ": ").hasMessageContaining(message);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            users: []                 | current-context: is missing or empty
            current-context: x        | contexts: no entry named "x"
            'a: ['                    | not YAML
            'text'                    | current-context: is missing or empty
            """)
    void aFileThatNamesNoCluster(String text, String message) throws Exception {
        Path file = Files.writeString(directory.resolve("file"), text);
        assertThatThrownBy(() -> ClusterAddress.ofKubeconfig(file)).isInstanceOf(IOException.class)
                .hasMessageStartingWith("kubeconfig " + file + ": ").hasMessageContaining(message);
    }

    @Test
    void aMissingFileIsNamed() {
        Path file = directory.resolve("none");
        assertThatThrownBy(() -> ClusterAddress.ofKubeconfig(file)).isInstanceOf(IOException.class)
                .hasMessage("kubeconfig " + file + ": no such file");
    }
}
