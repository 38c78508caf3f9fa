package org.openkas.app;

import io.grpc.ClientInterceptor;
import io.netty.handler.ssl.SslContext;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Supplier;
import org.openkas.cluster.TunnelTracker;
import org.openkas.config.ConfigurationException;
import org.openkas.config.KasConfiguration;
import org.openkas.config.PrivateApiListenSection;
import org.openkas.config.Secret;
import org.openkas.gitlab.GitLabSetupException;
import org.openkas.gitlab.TrustedCertificates;
import org.openkas.jwt.TokenSigner;
import org.openkas.net.ClientSecurity;
import org.openkas.net.OwnUrls;
import org.openkas.net.Security;
import org.openkas.reversetunnel.Announcements;
import org.openkas.routing.Gateways;
import org.openkas.routing.PeerConnections;
import org.openkas.routing.PeerSettings;

/**
 * This server as one of several (chapter 04 §2.8, §5, §6): how it calls the others, and what it tells them of its agents.
 * Thread-safe.
 *
 * @param announcements tells the others of which agents there are tunnels here
 * @param gateways the others
 * @param connections to them
 */
record ClusterMember(Announcements announcements, Gateways gateways, PeerConnections connections) implements AutoCloseable {
    /** The beginning of what an operator reads of its failures. */
    static final String NAME = "private API server: ";
    /** Who signs calls between servers, and for whom. */
    static final String KAS = "gitlab-kas";
    private static final Duration TOKEN_VALIDITY = Duration.ofSeconds(5);
    private static final Duration WITHDRAWAL = Duration.ofSeconds(5);

    /**
     * Finds out its URL and prepares for calling the others.
     *
     * @param listen of {@code configuration}
     * @param secret of all servers
     * @param trackers where servers know each other's tunnels
     * @param counted sees every call of another server
     * @throws StartException if the URL or the certificates cannot be found out
     */
    static ClusterMember of(PrivateApiListenSection listen, KasConfiguration configuration, Secret secret, TunnelTrackers trackers,
            ClientInterceptor counted, Ground ground) throws StartException {
        List<String> ownUrls = ownUrls(listen, ground);
        Optional<String> tlsName = Optional.ofNullable(ground.variables().get(OwnUrls.HOST)).filter(name -> !name.isEmpty());
        PeerSettings settings = PeerSettings.standard(ground.build().serverName(), tls(listen, tlsName.isPresent(), ground), tlsName,
                ground.calls(counted), ground.loops(), ground.executor());
        PeerConnections connections = new PeerConnections(settings, ground.timers(), ground.log());
        TunnelTracker tracker = trackers.of(ownUrls);
        TokenSigner signer = new TokenSigner(secret.bytes(), KAS, List.of(KAS), TOKEN_VALIDITY, ground.timers());
        Gateways gateways = new Gateways(ownUrls, tracker, connections, signer::sign, ground.timers(), ground.random(), ground.executor(),
                ground.log());
        return new ClusterMember(new Announcements(tracker, configuration.agent().redisConnInfoRefresh(), ground.timers(), ground.executor(),
                ground.log()), gateways, connections);
    }

    private static List<String> ownUrls(PrivateApiListenSection listen, Ground ground) throws StartException {
        try {
            List<String> urls = OwnUrls.of(ground.variables(), listen.network(), listen.address(),
                    ClusterMember::hostAddresses).urls();
            urls.forEach(url -> ground.log().with("url", url).info("Using own private API URL"));
            return urls;
        } catch (ConfigurationException e) {
            throw StartException.of(NAME, e);
        }
    }

    /** All addresses of IPv4, then those of IPv6, in the order of the host's interfaces. */
    private static List<InetAddress> hostAddresses() throws SocketException {
        return NetworkInterface.networkInterfaces().sorted(Comparator.comparingInt(NetworkInterface::getIndex))
                .flatMap(NetworkInterface::inetAddresses).sorted(Comparator.comparingInt(address -> address.getAddress().length)).toList();
    }

    /** Reading all certificates that the host trusts takes time; it is over before the first call if TLS is likely. */
    private static Supplier<SslContext> tls(PrivateApiListenSection listen, boolean likely, Ground ground) throws StartException {
        TrustedCertificates trusted = TrustedCertificates.ofHost(ground.variables());
        if (listen.caCertificateFile().isPresent()) {
            try {
                trusted = trusted.and(Path.of(listen.caCertificateFile().get()));
            } catch (GitLabSetupException e) {
                throw StartException.of(NAME + "kas pool: ", e);
            }
        }
        TrustedCertificates all = trusted;
        FutureTask<SslContext> context = new FutureTask<>(() -> Security.grpcClient(ClientSecurity.trusting(all.clientTrust())));
        if (likely) {
            ground.executor().execute(context);
        }
        return () -> {
            context.run(); // without effect where it ran or runs already
            try {
                return context.get();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException(e);
            } catch (ExecutionException e) {
                throw new IllegalStateException("the certificates for calling other servers cannot be used", e.getCause());
            }
        };
    }

    /** Nobody is sent here any more. Waits until that is known, for some seconds at most. */
    void leave() {
        try {
            announcements.stop(WITHDRAWAL);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        connections.close();
    }
}
