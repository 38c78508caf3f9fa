package org.openkas.usage;

/**
 * Where features say what GitLab's analytics want to know of single uses (chapter 02 §9.3). Within a period each event counts once,
 * however often it is told. Implementations are thread-safe and never block.
 */
public interface UsageEvents {

    /**
     * That a user did something in a project; cheap enough for every request.
     *
     * @param event its name, of which there are only a few
     */
    void see(String event, long userId, long projectId);

    /**
     * That an agent registered.
     *
     * @param connectionId of the agent's process, which registers again and again while it lives
     */
    void registered(RegisteredAgent agent, long connectionId);
}
