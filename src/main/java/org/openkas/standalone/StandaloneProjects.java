package org.openkas.standalone;

import org.openkas.common.AgentToken;
import org.openkas.gitlab.AgentInfo;
import org.openkas.gitlab.GitLabException;
import org.openkas.gitlab.ProjectInfo;
import org.openkas.gitlab.ProjectInfoSource;

/**
 * The manifest projects of a standalone server: each agent may read the repository that its own entry names, under the path
 * that the agent is told with its configuration, and no other. Thread-safe.
 */
public final class StandaloneProjects implements ProjectInfoSource {
    /** What to do about a project that an agent may not read. */
    public static final String REMEDY = "without GitLab an agent gets manifests from the repository of its own entry in the agents file only:"
            + " leave out gitops.manifest_projects[].id, or set it to the entry's project";

    private final StandaloneAgents agents;

    /** Of these agents, as they are at each call. */
    public StandaloneProjects(StandaloneAgents agents) {
        this.agents = agents;
    }

    @Override
    public ProjectInfo projectInfo(AgentToken token, String project) throws GitLabException {
        AgentInfo agent = agents.agentInfo(token);
        if (!project.equals(agent.projectPath()) && !project.equals(Long.toString(agent.projectId()))) {
            throw GitLabException.status(404, "/agents_file", "");
        }
        return new ProjectInfo(agent.projectId(), agent.gitaly(), agent.repository());
    }
}
