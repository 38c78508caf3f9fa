package org.openkas.gitlab;

/** Brings requests of agents' modules to GitLab. Implementations are thread-safe. */
@FunctionalInterface
public interface ModuleRequests {

    /**
     * Makes the request and returns whatever GitLab answers, errors included; the caller closes it. Blocks.
     *
     * @throws GitLabException if there is no answer
     */
    GitLabResponse make(ModuleRequest request) throws GitLabException, InterruptedException;
}
