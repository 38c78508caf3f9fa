package org.openkas.agentendpoint;

import jakarta.websocket.Extension;
import jakarta.websocket.server.ServerEndpointConfig;
import java.util.List;

/** What was decided about one upgrade, as the container asks for it. */
final class UpgradeConfigurator extends ServerEndpointConfig.Configurator {
    private final AgentSession session;
    private final String subprotocol;

    /** {@code subprotocol} is in the client's spelling, empty for none. */
    UpgradeConfigurator(AgentSession session, String subprotocol) {
        this.session = session;
        this.subprotocol = subprotocol;
    }

    @Override
    public String getNegotiatedSubprotocol(List<String> supported, List<String> requested) {
        return subprotocol;
    }

    @Override
    public List<Extension> getNegotiatedExtensions(List<Extension> installed, List<Extension> requested) {
        return List.of();
    }

    @Override
    public boolean checkOrigin(String origin) {
        return true; // the rules have checked it
    }

    @Override
    public <T> T getEndpointInstance(Class<T> type) {
        return type.cast(session);
    }
}
