package org.openkas.kubernetesaccess;

import java.util.Optional;

/** Decides who may reach which cluster. Implementations are thread-safe. */
public interface AgentAccess {

    /**
     * Decides; may block the calling thread.
     *
     * @throws RefusedException if the client may not, or if it cannot be found out
     * @throws InterruptedException if the caller gave up
     */
    Access access(Credential credential) throws RefusedException, InterruptedException;

    /** The same without blocking, where it is known already that the client may. */
    Optional<Access> known(Credential credential);
}
