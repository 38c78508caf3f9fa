package org.openkas.routing;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.MethodDescriptor;
import org.openkas.reversetunnel.AgentKey;

/** Calls to one agent. Thread-safe. */
final class AgentChannel extends Channel {
    private final AgentKey agent;
    private final Surroundings surroundings;

    AgentChannel(AgentKey agent, Surroundings surroundings) {
        this.agent = agent;
        this.surroundings = surroundings;
    }

    @Override
    public <Q, R> ClientCall<Q, R> newCall(MethodDescriptor<Q, R> method, CallOptions options) {
        return new TunnelCall<>(agent, method, options, surroundings);
    }

    @Override
    public String authority() {
        return "agent";
    }
}
