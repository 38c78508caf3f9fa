package org.openkas.gitlab;

import java.util.List;
import org.openkas.common.AgentToken;
import org.openkas.common.AgentType;
import org.openkas.proto.gitlab.GetProjectInfoResponse;

/** Asks GitLab where a project is (chapter 02 §3.3). GitLab of 2026 no longer tells: it answers 404. Thread-safe. */
public final class HttpProjectInfoSource implements ProjectInfoSource {
    /** What to do about a project that GitLab does not tell of. */
    public static final String REMEDY = "check the project's path in the agent's configuration, and that the agent may read it: public,"
            + " or in the group of the agent's configuration project; newer releases of GitLab removed manifest projects altogether,"
            + " use Flux there";

    private static final String PATH = "/api/v4/internal/kubernetes/project_info";

    private final GitLabClient gitLab;

    /** Asks through this client. */
    public HttpProjectInfoSource(GitLabClient gitLab) {
        this.gitLab = gitLab;
    }

    @Override
    public ProjectInfo projectInfo(AgentToken token, String project) throws GitLabException, InterruptedException {
        if (token.type() != AgentType.AGENTK || !token.sendable()) {
            throw GitLabException.status(401, PATH, "");
        }
        GetProjectInfoResponse answer = gitLab.message(GitLabRequest.of("GET", PATH).query("id", List.of(project)).asAgent(token),
                GetProjectInfoResponse.getDefaultInstance());
        return new ProjectInfo(answer.getProjectId(), answer.getGitalyInfo(), answer.getGitalyRepository());
    }
}
