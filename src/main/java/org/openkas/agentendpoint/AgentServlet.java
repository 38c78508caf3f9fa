package org.openkas.agentendpoint;

import jakarta.inject.Inject;
import jakarta.servlet.ServletException;
import jakarta.servlet.annotation.WebServlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.websocket.DeploymentException;
import jakarta.websocket.server.ServerContainer;
import jakarta.websocket.server.ServerEndpointConfig;
import java.io.IOException;
import java.io.Serial;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.openkas.websocket.UpgradeDecision;
import org.openkas.websocket.UpgradeRules;

/**
 * Upgrades agents' requests on every path that nothing else answers (chapter 01 §2.3): the default mapping comes last, so
 * health checks, metrics and other servlets are never hidden by it.
 */
@WebServlet(name = "agents", urlPatterns = "/", asyncSupported = true)
public class AgentServlet extends HttpServlet {
    @Serial
    private static final long serialVersionUID = 1L;
    private static final int SECONDS_TO_RETRY = 5;

    private final transient AgentEntrance entrance;
    private final transient HeldPorts ports;

    /** For the container, which makes proxies. */
    @Inject
    public AgentServlet(AgentEntrance entrance, HeldPorts ports) {
        this.entrance = entrance;
        this.ports = ports;
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws ServletException, IOException {
        var open = entrance.open();
        if (open.isEmpty()) {
            response.setIntHeader("Retry-After", SECONDS_TO_RETRY);
            answer(response, 503, "the server is not ready for agents\n", Map.of("Content-Type", "text/plain; charset=utf-8"));
            return;
        }
        if (ports.takes(request)) {
            return;
        }
        response.setHeader("Server", open.get().serverName());
        switch (UpgradeRules.decide(new ServletUpgrade(request))) {
            case UpgradeDecision.Reject(int status, String body, Map<String, String> headers) -> answer(response, status, body, headers);
            case UpgradeDecision.Accept accept -> upgrade(request, response, accept.subprotocol());
        }
    }

    private static void answer(HttpServletResponse response, int status, String body, Map<String, String> headers) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        response.setStatus(status);
        headers.forEach(response::setHeader);
        response.setContentLength(bytes.length);
        response.getOutputStream().write(bytes);
    }

    private void upgrade(HttpServletRequest request, HttpServletResponse response, String subprotocol)
            throws ServletException, IOException {
        ports.hold(request);
        ServerContainer container = (ServerContainer) getServletContext().getAttribute(ServerContainer.class.getName());
        ServerEndpointConfig config = ServerEndpointConfig.Builder.create(AgentSession.class, "/")
                .subprotocols(subprotocol.isEmpty() ? List.of() : List.of(subprotocol))
                .configurator(new UpgradeConfigurator(new AgentSession(entrance, subprotocol), subprotocol)).build();
        try {
            container.upgradeHttpToWebSocket(new WithoutSession(request), response, config, Map.of());
        } catch (DeploymentException e) {
            throw new ServletException(e);
        }
    }
}
