package org.openkas.app;

import io.grpc.StatusException;
import java.util.Optional;
import org.openkas.common.AgentToken;
import org.openkas.common.Log;
import org.openkas.gitlab.AgentInfo;
import org.openkas.gitlab.AgentLookup;

/** Who registers and who opens tunnels. Thread-safe. */
record AgentsOfTokens(AgentLookup lookup)
        implements org.openkas.reversetunnel.AgentIdentification, org.openkas.agentregistrar.AgentIdentification {
    @Override
    public Optional<AgentInfo> known(AgentToken token) {
        return lookup.known(token);
    }

    @Override
    public AgentInfo identify(AgentToken token, Log log) throws StatusException, InterruptedException {
        return lookup.lookUp(token, log);
    }
}
