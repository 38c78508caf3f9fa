package org.openkas.reversetunnel;

import io.grpc.Status;

/** A wish for a tunnel, equal only to itself. Immutable. */
public final class FindRequest {
    private final AgentKey agent;
    private final String service;
    private final String method;
    private final Answer answer;

    /** Is told once how the search ended; must not block. */
    public interface Answer {
        /** The tunnel is the asker's now: to be used, or given back. */
        void found(Tunnel tunnel);

        /** There will be none. */
        void failed(Status status);
    }

    /** For a method by its full service name and bare name. */
    public FindRequest(AgentKey agent, String service, String method, Answer answer) {
        this.agent = agent;
        this.service = service;
        this.method = method;
        this.answer = answer;
    }

    AgentKey agent() {
        return agent;
    }

    String service() {
        return service;
    }

    String method() {
        return method;
    }

    Answer answer() {
        return answer;
    }
}
