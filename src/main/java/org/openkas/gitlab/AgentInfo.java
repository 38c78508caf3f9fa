package org.openkas.gitlab;

import org.openkas.common.AgentType;
import org.openkas.proto.entity.GitalyInfo;
import org.openkas.proto.entity.GitalyRepository;

/**
 * Who an agent is and where its configuration lives (chapter 01 §4.1).
 *
 * @param projectId the configuration project
 * @param gitaly where the repository is served; in standalone mode an address with scheme {@code jgit}
 * @param defaultBranch short name, without {@code refs/heads/}
 */
public record AgentInfo(AgentType type, long agentId, String agentName, long projectId, GitalyInfo gitaly, GitalyRepository repository,
        String defaultBranch) {

    /** Full path of the configuration project. */
    public String projectPath() {
        return repository.getGlProjectPath();
    }
}
