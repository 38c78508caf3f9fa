package org.openkas.app;

import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import java.util.List;
import java.util.Optional;
import java.util.function.LongFunction;
import org.openkas.common.AgentType;
import org.openkas.config.GitLabSection;
import org.openkas.config.KasConfiguration;
import org.openkas.config.KubernetesApiSection;
import org.openkas.config.Secret;
import org.openkas.kubernetesaccess.AgentAccess;
import org.openkas.kubernetesaccess.WebSocketTokens;
import org.openkas.kubernetesapi.AccessUsage;
import org.openkas.kubernetesapi.KubernetesApiServer;
import org.openkas.kubernetesapi.ProxySettings;
import org.openkas.kubernetesapi.RequestMetrics;
import org.openkas.net.TlsException;
import org.openkas.routing.AgentChannels;
import org.openkas.routing.TunnelTraces;
import org.openkas.tracing.Tracer;

/** How the way to the agents' clusters is put together (chapter 03): who may go which way, and the listener. */
final class KubernetesApiListener {
    /** The beginning of what an operator reads of its failures. */
    static final String NAME = "kubernetes_api: ";

    private KubernetesApiListener() {
    }

    /**
     * The listener; it is not bound yet.
     *
     * @param section of {@code configuration}
     * @param access who may reach which agent's cluster
     * @param tokenSecret of tokens for browsers' WebSockets
     * @param agents how to call what agents serve
     * @param state what the listener's servers share, and where each request that may go on is counted
     * @throws StartException if the configuration names something that cannot be used
     */
    static KubernetesApiServer of(KubernetesApiSection section, KasConfiguration configuration, AgentAccess access,
            Optional<Secret> tokenSecret,
            AgentChannels agents, SharedState state, Ground ground) throws StartException {
        try {
            ListenPlace place = ListenPlace.of(section.listen(), List.of());
            ProxySettings settings = new ProxySettings(place.address(), place.security(), section.urlPathPrefix(),
                    configuration.gitlab().flatMap(GitLabSection::externalUrl), section.extraAllowedResponseHeaders(),
                    section.listen().listenGracePeriod(), section.listen().shutdownGracePeriod());
            Optional<WebSocketTokens> tokens = tokenSecret
                    .map(secret -> new WebSocketTokens(secret.bytes(), state.usedTokens(), ground.timers()));
            return new KubernetesApiServer(settings, ground.build().serverName(), access, tokens, channels(agents, ground.tracer()),
                    new AccessUsage(state.usage(), state.events()), new RequestMetrics(ground.metrics().registry()), ground.loops(),
                    ground.timers(), ground.executor(), ground.log(),
                    ground.tracer());
        } catch (TlsException e) {
            throw StartException.of(NAME, e);
        }
    }

    private static LongFunction<Channel> channels(AgentChannels agents, Optional<Tracer> tracer) {
        Optional<TunnelTraces> traces = tracer.map(TunnelTraces::new);
        if (traces.isEmpty()) {
            return agentId -> agents.to(AgentType.AGENTK, agentId);
        }
        return agentId -> ClientInterceptors.intercept(agents.to(AgentType.AGENTK, agentId), traces.get());
    }
}
