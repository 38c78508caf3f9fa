package org.openkas.reversetunnel;

/**
 * Hears of which agents a registry has idle tunnels. Called in the order in which that changes, one at a time, under the
 * registry's lock: must not block, nor call the registry.
 */
public interface IdleAgents {
    /** Nobody hears it. */
    IdleAgents UNWATCHED = new IdleAgents() {
        @Override
        public void appeared(AgentKey agent) {
        }

        @Override
        public void vanished(AgentKey agent) {
        }
    };

    /** There is an idle tunnel of an agent that had none. */
    void appeared(AgentKey agent);

    /** The last one is taken, or has ended. */
    void vanished(AgentKey agent);
}
