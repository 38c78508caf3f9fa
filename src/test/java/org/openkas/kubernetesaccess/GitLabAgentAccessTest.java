package org.openkas.kubernetesaccess;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.openkas.cluster.MemoryErrorCache;
import org.openkas.common.SystemTimers;
import org.openkas.gitlab.CachedLookup;
import org.openkas.gitlab.GitLabAddress;
import org.openkas.gitlab.GitLabClient;
import org.openkas.gitlab.LimiterObserver;
import org.openkas.gitlab.TokenBucket;
import org.openkas.gitlab.TrustedCertificates;
import org.openkas.jwt.TokenSigner;
import org.openkas.testkit.FakeGitLab;
import org.openkas.testkit.FakeTimers;
import org.openkas.testkit.GitLabAnswer;
import org.openkas.testkit.GitLabRequestSeen;

class GitLabAgentAccessTest extends AgentAccessContract {
    private static final String USERS = "/internal/kubernetes/authorize_proxy_user";
    private static final String JOBS = "/job/allowed_agents";

    private final FakeGitLab gitLab = FakeGitLab.release19();
    private final FakeTimers timers = new FakeTimers();
    private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
    private final SystemTimers clock = new SystemTimers(executor);
    private GitLabClient client;
    private GitLabAgentAccess access;

    @BeforeEach
    void start() throws Exception {
        gitLab.always(USERS, GitLabAgentAccessTest::authorize);
        gitLab.always(JOBS, request -> GitLabAnswer.status(401));
        client = GitLabClient.of(GitLabAddress.parse(gitLab.address().toString()), TrustedCertificates.ofHost(Map.of()), Map.of(),
                "gitlab-kas/v0/0", new TokenSigner(FakeGitLab.SECRET, "gitlab-kas", List.of("gitlab"), Duration.ofSeconds(30), clock),
                new TokenBucket(1000, 1000, clock, LimiterObserver.NONE), clock, executor);
        access = new GitLabAgentAccess(client, new MemoryErrorCache(timers),
                new CachedLookup.Lifetimes(Duration.ofMinutes(1), Duration.ofSeconds(10), Duration.ofMinutes(5)), timers, executor,
                log.log());
    }

    @AfterEach
    void stop() {
        client.close();
        executor.shutdownNow();
        clock.close();
        gitLab.close();
    }

    /** As GitLab does: 404 for agents that it does not know, 403 for those that the user may not reach, 401 for bad tokens. */
    private static GitLabAnswer authorize(GitLabRequestSeen request) {
        JsonNode question;
        try {
            question = new ObjectMapper().readTree(request.body());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        long agent = question.path("agent_id").asLong();
        String key = question.path("access_key").asText();
        if (agent == NO_AGENT) {
            return refuse(404);
        }
        if (key.equals(ADA) && (agent == 7 || agent == 8)) {
            return GitLabAnswer.json(201, """
                    {"agent":{"id":%d,"config_project":{"id":5}},"user":{"id":1,"username":"ada"},
                    "access_as":{"user":{"projects":[{"id":3,"roles":["developer"]}]}}}""".formatted(agent));
        }
        if (key.equals(BOB) && agent == 7) {
            return GitLabAnswer.json(201,
                    "{\"agent\":{\"id\":7,\"config_project\":{\"id\":5}},\"user\":{\"id\":2,\"username\":\"bob\"},\"access_as\":{\"agent\":{}}}");
        }
        return refuse(key.equals(ADA) || key.equals(BOB) ? 403 : 401);
    }

    private static GitLabAnswer refuse(int status) {
        return GitLabAnswer.json(status, "{\"message\":\"" + status + "\"}");
    }

    @Override
    AgentAccess access() {
        return access;
    }

    @Override
    String nameOfAda() {
        return "gitlab:user:ada";
    }

    @Test
    void nothingIsKnownUntilGitLabHasSaidSo() throws Exception {
        for (Credential credential : List.of(token(7, ADA), new Credential.JobToken(7, ADA), new Credential.SessionCookie(7, ADA, ""))) {
            assertThat(access.known(credential)).isEmpty();
        }
        access.access(token(7, ADA));
        assertThat(access.known(token(8, ADA))).as("another agent is another question").isEmpty();
        assertThat(access.known(new Credential.SessionCookie(7, ADA, ""))).as("another kind is another question").isEmpty();
        timers.advance(Duration.ofMinutes(1));
        assertThat(access.known(token(7, ADA))).isEmpty();
    }

    @Test
    @DisplayName("a job token with characters that no header can carry is refused without asking, like any wrong one")
    void impossibleJobTokens() {
        for (String token : List.of("a b", "a\tb", "k\u00e4se", "\u0007")) {
            RefusedException refusal = refusal(access, new Credential.JobToken(7, token));
            assertThat(refusal.status()).isEqualTo(401);
            assertThat(refusal).hasMessage("Unauthorized: CI job token");
        }
        assertThat(gitLab.requests(JOBS)).isEmpty();
    }

    @Test
    void jobsAreToldWhy() {
        RefusedException refusal = refusal(access, new Credential.JobToken(7, "job"));
        assertThat(refusal.shownReason()).contains("HTTP status code: 401 for path /api/v4/job/allowed_agents");
        assertThat(refusal.loggedReason()).isEqualTo(refusal.shownReason());
    }
}
