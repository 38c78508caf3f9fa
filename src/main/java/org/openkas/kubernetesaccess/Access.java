package org.openkas.kubernetesaccess;

import java.util.Optional;

/**
 * That a client may reach a cluster. Immutable.
 *
 * @param agentId the agent that the client named
 * @param identity whom the agent poses as; empty for its own identity
 * @param userId the GitLab user behind the credential, for counting
 * @param projectId the GitLab project that configures the agent, for counting; 0 if there is none
 */
public record Access(long agentId, Optional<Identity> identity, AccessKind kind, long userId, long projectId) {
}
