package org.openkas.gitlab;

import java.util.List;
import org.openkas.common.AgentToken;

/** Asks GitLab's HTTP API. That GitLab refuses is an answer: no access. Thread-safe. */
public final class HttpProjectAccessSource implements ProjectAccessSource {
    private static final String PATH = "/api/v4/internal/kubernetes/verify_project_access";

    private final GitLabClient gitLab;

    /** Asks this GitLab. */
    public HttpProjectAccessSource(GitLabClient gitLab) {
        this.gitLab = gitLab;
    }

    @Override
    public boolean mayAccess(AgentToken token, String projectPath) throws GitLabException, InterruptedException {
        try {
            gitLab.call(GitLabRequest.of("GET", PATH).query("id", List.of(projectPath)).asAgent(token));
            return true;
        } catch (GitLabException e) {
            return switch (e.kind()) {
                case UNAUTHORIZED, FORBIDDEN, NOT_FOUND -> false;
                case UNAVAILABLE -> throw e;
            };
        }
    }
}
