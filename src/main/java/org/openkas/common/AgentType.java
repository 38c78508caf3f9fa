package org.openkas.common;

import java.util.Optional;

/** Kinds of agents that share the agents' listener, told apart by metadata {@code gitlab-agent-type} (chapter 07 §4.3). */
public enum AgentType {
    /** The agent for Kubernetes; also every agent that does not say what it is. */
    AGENTK("agentk"),
    /** The agent of a workspace. */
    AGENTW("agentw"),
    /** GitLab Runner. */
    RUNNER("runner"),
    /** A runner controller. */
    RUNNER_CONTROLLER("runnerc");

    private final String label;

    AgentType(String label) {
        this.label = label;
    }

    /** The word on the wire and in log lines. */
    public String label() {
        return label;
    }

    /** The type that goes by this word, if any does. */
    public static Optional<AgentType> of(String label) {
        for (AgentType type : values()) {
            if (type.label.equals(label)) {
                return Optional.of(type);
            }
        }
        return Optional.empty();
    }
}
