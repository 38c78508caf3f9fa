package org.openkas.gitlab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.ByteString;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.openkas.cluster.ErrorCache;
import org.openkas.cluster.MemoryErrorCache;
import org.openkas.common.AgentToken;
import org.openkas.common.AgentType;
import org.openkas.proto.entity.GitalyInfo;
import org.openkas.testkit.FakeGitaly;
import org.openkas.testkit.FakeTimers;
import org.openkas.testkit.ProjectInfoSourceContract;
import org.openkas.testkit.RecordedLog;

class CachedProjectInfoSourceTest extends ProjectInfoSourceContract {
    private static final AgentToken TOKEN = AgentToken.ofAgentk("known-token");
    private static final ProjectInfo INFO = new ProjectInfo(7, GitalyInfo.newBuilder().setAddress("tcp://gitaly").build(),
            FakeGitaly.repository("group/project"));

    private final FakeTimers timers = new FakeTimers();
    private final MemoryErrorCache errors = new MemoryErrorCache(timers);
    private final RecordedLog log = new RecordedLog();
    private final List<String> asked = new ArrayList<>();
    private int status = 200;
    private final CachedProjectInfoSource cache = new CachedProjectInfoSource(this::ask, errors,
            new CachedLookup.Lifetimes(Duration.ofMinutes(5), Duration.ofMinutes(1), Duration.ofMinutes(5)), timers, Runnable::run,
            log.log());

    private ProjectInfo ask(AgentToken token, String project) throws GitLabException {
        asked.add(project);
        if (status != 200) {
            throw GitLabException.status(status, "/p", "");
        }
        if (token.type() != AgentType.AGENTK || !token.equals(TOKEN)) {
            throw GitLabException.status(401, "/p", "");
        }
        if (!project.equals("group/project") && !project.equals("7")) {
            throw GitLabException.status(404, "/p", "");
        }
        return INFO;
    }

    @Override
    protected ProjectInfoSource source() {
        return cache;
    }

    @Test
    void remembersByTokenAndProjectForFiveMinutes() throws Exception {
        cache.projectInfo(TOKEN, "group/project");
        timers.advance(Duration.ofMinutes(4));
        cache.projectInfo(TOKEN, "group/project");
        assertThat(asked).hasSize(1);
        cache.projectInfo(TOKEN, "7");
        assertThat(asked).hasSize(2);
        timers.advance(Duration.ofMinutes(1));
        cache.projectInfo(TOKEN, "group/project");
        assertThat(asked).hasSize(3);
    }

    @Test
    @DisplayName("GB-34: a refusal is remembered for all servers by half the token and the project, for a minute")
    void remembersRefusals() {
        status = 404;
        GitLabException first = catchThrowableOfType(GitLabException.class, () -> cache.projectInfo(TOKEN, "group/project"));
        assertThat(first.firstReport()).isTrue();
        ByteString key = ByteString.copyFrom(TOKEN.key()).concat(ByteString.copyFromUtf8(":group/project"));
        assertThat(errors.find(ErrorCache.Lookup.PROJECT_INFO, key)).isPresent();
        GitLabException again = catchThrowableOfType(GitLabException.class, () -> cache.projectInfo(TOKEN, "group/project"));
        assertThat(again.kind()).isEqualTo(GitLabException.Kind.NOT_FOUND);
        assertThat(again.firstReport()).isFalse();
        assertThat(asked).hasSize(1);
        timers.advance(Duration.ofMinutes(1));
        status = 200;
        assertThat(catchThrowableOfType(GitLabException.class, () -> cache.projectInfo(TOKEN, "group/project"))).isNull();
    }

    @Test
    void servesAnOlderAnswerWhileGitLabFails() throws Exception {
        cache.projectInfo(TOKEN, "group/project");
        timers.advance(Duration.ofMinutes(6));
        status = 503;
        assertThat(cache.projectInfo(TOKEN, "group/project")).isEqualTo(INFO);
        assertThat(log.lines("GetProjectInfo()")).hasSize(1);
    }

    @Test
    void whatNoProjectIsCalledIsNotRemembered() {
        String name = "x".repeat(5000);
        for (int i = 0; i < 2; i++) {
            assertThat(catchThrowableOfType(GitLabException.class, () -> cache.projectInfo(TOKEN, name))).isNotNull();
        }
        assertThat(asked).hasSize(2);
    }
}
