package org.openkas.app;

import io.grpc.BindableService;
import java.util.List;
import org.openkas.agenttracker.AgentTrackerService;
import org.openkas.config.ApiListenSection;
import org.openkas.config.Secret;
import org.openkas.configurationproject.ConfigurationProjectService;
import org.openkas.grpc.GrpcServerMetrics;
import org.openkas.grpc.ListenerSettings;
import org.openkas.jwt.TokenVerifier;
import org.openkas.message.MessageRules;
import org.openkas.net.ListenException;
import org.openkas.net.Security;
import org.openkas.net.TlsException;
import org.openkas.notifications.NotificationsService;
import org.openkas.railsapi.RailsApiServer;
import org.openkas.railsapi.RailsGate;
import org.openkas.serverinfo.ServerInfoService;

/** How what GitLab calls is put together (chapter 06): the services, who may call them, and the listener. */
final class RailsApiListener {
    private RailsApiListener() {
    }

    /**
     * The listener; it is not bound yet.
     *
     * @param secret with which GitLab signs its calls
     * @param compatibleVersion the release that GitLab is told
     * @throws StartException if the configuration names something that cannot be used
     */
    static RailsApiServer of(ApiListenSection listen, Secret secret, String compatibleVersion, Repositories repositories,
            SharedState state, GrpcServerMetrics metrics, Ground ground) throws StartException {
        List<BindableService> services = List.of(new AgentTrackerService(state.tracker()), new NotificationsService(state.pushes()),
                new ServerInfoService(compatibleVersion), new ConfigurationProjectService(repositories.reader(), ground.executor()));
        TokenVerifier verifier = TokenVerifier.ofAnyIssuer(secret.bytes(), "gitlab-kas", ground.timers());
        RailsGate gate = new RailsGate(metrics, verifier::objection, MessageRules::violations, ground.log());
        try {
            ListenPlace place = ListenPlace.of(listen, Security.ALPN_GRPC);
            ListenerSettings settings = ListenerSettings.http2(place.address(), place.security(), listen.maxConnectionAge(),
                    listen.listenGracePeriod());
            return new RailsApiServer(settings, ground.runtime(), services, gate, ground.log());
        } catch (TlsException e) {
            throw StartException.of("API server: ", e);
        } catch (ListenException e) {
            throw StartException.of("", e);
        }
    }
}
