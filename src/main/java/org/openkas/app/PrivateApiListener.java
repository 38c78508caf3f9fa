package org.openkas.app;

import java.util.List;
import java.util.Map;
import org.openkas.config.PrivateApiListenSection;
import org.openkas.config.Secret;
import org.openkas.grpc.ConnectionPolicy;
import org.openkas.grpc.GrpcServerMetrics;
import org.openkas.grpc.ListenerSettings;
import org.openkas.grpc.Opening;
import org.openkas.jwt.TokenVerifier;
import org.openkas.net.ListenException;
import org.openkas.net.OwnUrls;
import org.openkas.net.Security;
import org.openkas.net.TlsException;
import org.openkas.privateapi.GatewayService;
import org.openkas.privateapi.PrivateApiGate;
import org.openkas.privateapi.PrivateApiServer;
import org.openkas.proto.kubernetesapi.KubernetesApiGrpc;
import org.openkas.reversetunnel.TunnelRegistry;

/** How what other servers call is put together (chapter 04 §4). */
final class PrivateApiListener {
    private PrivateApiListener() {
    }

    /**
     * The listener; it is not bound yet.
     *
     * @param secret of all servers
     * @param tunnels of this server
     * @param kubernetesApi whether the clusters of agents can be reached through this server
     * @throws StartException if the configuration names something that cannot be used
     */
    static PrivateApiServer of(PrivateApiListenSection listen, Secret secret, TunnelRegistry tunnels, boolean kubernetesApi,
            GrpcServerMetrics metrics, Ground ground) throws StartException {
        List<GatewayService> services = kubernetesApi
                ? List.of(new GatewayService(KubernetesApiGrpc.SERVICE_NAME, List.of("MakeRequest"), tunnels))
                : List.of();
        TokenVerifier verifier = TokenVerifier.ofIssuer(secret.bytes(), ClusterMember.KAS, ClusterMember.KAS, ground.timers());
        try {
            ListenPlace place = place(listen, ground.variables());
            ListenerSettings settings = new ListenerSettings(place.address(), place.security(), new Opening.Http2(), listen.maxConnectionAge(),
                    listen.listenGracePeriod(), ConnectionPolicy.PEERS);
            return new PrivateApiServer(settings, ground.runtime(), services, new PrivateApiGate(metrics, verifier::objection, ground.log()),
                    ground.log());
        } catch (ListenException e) {
            throw StartException.of("", e);
        }
    }

    private static ListenPlace place(PrivateApiListenSection listen, Map<String, String> variables) throws StartException {
        try {
            ListenPlace place = ListenPlace.of(listen, Security.ALPN_GRPC);
            if (place.security() instanceof Security.Tls && variables.getOrDefault(OwnUrls.HOST, "").isEmpty()) {
                throw new TlsException(OwnUrls.HOST + " environment variable is not set. Set it to the kas' host name if you want to use TLS"
                        + " for kas->kas communication");
            }
            return place;
        } catch (TlsException e) {
            throw StartException.of(ClusterMember.NAME + "new server: ", e);
        }
    }
}
