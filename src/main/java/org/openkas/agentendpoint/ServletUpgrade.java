package org.openkas.agentendpoint;

import jakarta.servlet.http.HttpServletRequest;
import java.util.Collections;
import java.util.List;
import org.openkas.websocket.UpgradeRequest;

/** A servlet request as the upgrade rules see it. */
record ServletUpgrade(HttpServletRequest request) implements UpgradeRequest {
    @Override
    public String method() {
        return request.getMethod();
    }

    @Override
    public String version() {
        return request.getProtocol();
    }

    @Override
    public List<String> headers(String name) {
        return Collections.list(request.getHeaders(name));
    }
}
