package org.openkas.gitlab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.openkas.common.AgentToken;
import org.openkas.proto.entity.GitalyInfo;
import org.openkas.testkit.FakeGitLab;
import org.openkas.testkit.GitLabAnswer;
import org.openkas.testkit.GitLabRequestSeen;
import org.openkas.testkit.ProjectInfoSourceContract;

class HttpProjectInfoSourceTest extends ProjectInfoSourceContract {
    private static final AgentToken TOKEN = AgentToken.ofAgentk("known-token");

    private final FakeGitLab gitLab = FakeGitLab.release16();
    private GitLabClient client;

    @BeforeEach
    void open() throws Exception {
        gitLab.agent("known-token", 42, 5, "group/agents");
        gitLab.project(7, "group/project", GitalyInfo.newBuilder().setAddress("tcp://gitaly:8075").setToken("secret").build());
        client = GitLabClients.of(gitLab);
    }

    @AfterEach
    void close() throws Exception {
        client.close();
        gitLab.close();
    }

    @Override
    protected ProjectInfoSource source() {
        return new HttpProjectInfoSource(client);
    }

    @Test
    @DisplayName("GB-05, GB-60: the project's path is one encoded query parameter; any release finds the agent's token")
    void asks() throws Exception {
        gitLab.project(8, "bla/bla", GitalyInfo.newBuilder().setAddress("tcp://gitaly:8075").setToken("secret").build());
        ProjectInfo info = source().projectInfo(TOKEN, "bla/bla");
        assertThat(info.gitaly().getToken()).isEqualTo("secret");
        GitLabRequestSeen request = gitLab.requests(FakeGitLab.PROJECT_INFO).getFirst();
        assertThat(request.method()).isEqualTo("GET");
        assertThat(request.query()).isEqualTo("id=bla%2Fbla");
        assertThat(request.header("Accept")).isEqualTo("application/json");
        assertThat(request.header("Content-Type")).isEmpty();
        assertThat(request.header("Authorization")).isEqualTo("Bearer known-token");
        assertThat(request.header("Gitlab-Agentk-Api-Request")).isEqualTo("known-token");
        assertThat(request.header("Gitlab-Agent-Api-Request")).isEqualTo("known-token");
        assertThat(request.header("User-Agent")).isEqualTo(GitLabClients.USER_AGENT);
    }

    @ParameterizedTest
    @ValueSource(ints = {500, 503, 302, 400})
    @DisplayName("GB-14, GB-20: other answers are attempted once and mean that nobody can tell")
    void unavailable(int status) {
        gitLab.always(FakeGitLab.PROJECT_INFO, request -> GitLabAnswer.status(status));
        GitLabException failure = catchThrowableOfType(GitLabException.class, () -> source().projectInfo(TOKEN, "group/project"));
        assertThat(failure.kind()).isEqualTo(GitLabException.Kind.UNAVAILABLE);
        assertThat(failure).hasMessage("HTTP status code: " + status + " for path /api/v4/internal/kubernetes/project_info");
        assertThat(gitLab.requests(FakeGitLab.PROJECT_INFO)).hasSize(1);
    }

    @Test
    void anAnswerThatMakesNoSense() {
        gitLab.always(FakeGitLab.PROJECT_INFO, request -> GitLabAnswer.json(200, "{\"project_id\":0,\"default_branch\":\"main\"}"));
        GitLabException failure = catchThrowableOfType(GitLabException.class, () -> source().projectInfo(TOKEN, "group/project"));
        assertThat(failure.kind()).isEqualTo(GitLabException.Kind.UNAVAILABLE);
        assertThat(failure).hasMessageContaining("invalid GetProjectInfoResponse.ProjectId: value must be greater than 0")
                .hasMessageContaining("invalid GetProjectInfoResponse.GitalyInfo: value is required");
    }

    @Test
    @DisplayName("GB-15: the project does not appear in the text about a GitLab that cannot be reached")
    void masked() {
        gitLab.close();
        GitLabException failure = catchThrowableOfType(GitLabException.class, () -> source().projectInfo(TOKEN, "group/project"));
        assertThat(failure).hasMessageContaining("project_info?id=x").hasMessageNotContaining("group");
    }

    @Test
    @DisplayName("NR-060: a GitLab of release 19 does not tell where projects are")
    void release19() throws Exception {
        try (FakeGitLab newer = FakeGitLab.release19(); GitLabClient other = GitLabClients.of(newer)) {
            newer.agent("known-token", 42, 5, "group/agents");
            GitLabException failure = catchThrowableOfType(GitLabException.class,
                    () -> new HttpProjectInfoSource(other).projectInfo(TOKEN, "group/project"));
            assertThat(failure.kind()).isEqualTo(GitLabException.Kind.NOT_FOUND);
            assertThat(HttpProjectInfoSource.REMEDY).contains("removed manifest projects").contains("Flux");
        }
    }
}
