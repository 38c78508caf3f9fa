package org.openkas.kubernetesapi;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.openkas.cluster.ErrorCache;
import org.openkas.cluster.MemoryErrorCache;
import org.openkas.common.SystemTimers;
import org.openkas.common.Timers;
import org.openkas.gitlab.CachedLookup;
import org.openkas.gitlab.GitLabAddress;
import org.openkas.gitlab.GitLabClient;
import org.openkas.gitlab.LimiterObserver;
import org.openkas.gitlab.TokenBucket;
import org.openkas.gitlab.TrustedCertificates;
import org.openkas.jwt.TokenSigner;
import org.openkas.kubernetesaccess.GitLabAgentAccess;
import org.openkas.kubernetesapi.RunningProxy.Answer;
import org.openkas.testkit.FakeGitLab;
import org.openkas.testkit.FakeTimers;
import org.openkas.testkit.GitLabAnswer;
import org.openkas.testkit.GitLabRequestSeen;
import org.openkas.testkit.KubernetesAgent;
import org.openkas.testkit.RawPeer;
import org.openkas.testkit.RecordedLog;

/**
 * The listener in front of one agent, with a GitLab behind it that decides who may reach the agent. Unless told otherwise that
 * GitLab lets every CI job reach agent 123, and every user, and what the agent does is answer 200.
 */
final class ProxyWithGitLab implements AutoCloseable {
    static final String JOBS = "/job/allowed_agents";
    static final String USERS = "/internal/kubernetes/authorize_proxy_user";
    static final String JOB_TOKEN = "Authorization: Bearer ci:123:job-token-of-a-job";
    static final String USER_TOKEN = "Authorization: Bearer pat:123:glpat-x";
    static final String COOKIE = "Cookie: _gitlab_kas=session";
    static final List<String> BROWSER = List.of(COOKIE, "Gitlab-Agent-Id: 123", "X-Csrf-Token: t");

    final FakeGitLab gitLab;
    /** Of caches and listener; GitLab is called by the real clock unless told otherwise. */
    final FakeTimers timers = new FakeTimers();
    final KubernetesAgent agent;
    final RecordedLog log;
    /** What is said about failures that no client sees. */
    final RecordedLog accessLog = new RecordedLog();
    final RunningProxy proxy;
    private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
    private final SystemTimers real = new SystemTimers(executor);
    private final GitLabClient client;
    private final boolean ownGitLab;

    /** How a proxy differs from the usual. */
    static final class Setup {
        private CachedLookup.Lifetimes lifetimes = new CachedLookup.Lifetimes(Duration.ofMinutes(1), Duration.ofSeconds(10),
                Duration.ofMinutes(5));
        private Optional<ErrorCache> errors = Optional.empty();
        private Optional<FakeGitLab> gitLab = Optional.empty();
        private boolean fakeClockForCalls;
        private String base = "";
        private double callsPerSecond = 10_000;
        private int burst = 10_000;

        Setup lifetimes(Duration ok, Duration error, Duration stale) {
            lifetimes = new CachedLookup.Lifetimes(ok, error, stale);
            return this;
        }

        /** With a cache of refusals that others share. */
        Setup errors(ErrorCache value) {
            errors = Optional.of(value);
            return this;
        }

        /** With a GitLab that the test closes. */
        Setup gitLab(FakeGitLab value) {
            gitLab = Optional.of(value);
            return this;
        }

        Setup fakeClockForCalls() {
            fakeClockForCalls = true;
            return this;
        }

        /** With a GitLab below a path. */
        Setup below(String path) {
            base = path;
            return this;
        }

        Setup rate(double perSecond, int most) {
            callsPerSecond = perSecond;
            burst = most;
            return this;
        }

        ProxyWithGitLab start() throws Exception {
            return new ProxyWithGitLab(this);
        }
    }

    static Setup setup() {
        return new Setup();
    }

    private ProxyWithGitLab(Setup setup) throws Exception {
        ownGitLab = setup.gitLab.isEmpty();
        gitLab = setup.gitLab.orElseGet(FakeGitLab::release19);
        if (ownGitLab) {
            gitLab.always(JOBS, request -> GitLabAnswer.json(200, job("{\"id\":123,\"config_project\":{\"id\":5}}")));
            gitLab.always(USERS, request -> GitLabAnswer.json(201, user("\"agent\":{}")));
        }
        Timers clock = setup.fakeClockForCalls ? timers : real;
        client = GitLabClient.of(GitLabAddress.parse(gitLab.address() + setup.base),
                TrustedCertificates.ofHost(Map.of()), Map.of(), RunningProxy.NAME,
                // the GitLab for tests looks at the real clock
                new TokenSigner(FakeGitLab.SECRET, "gitlab-kas", List.of("gitlab"), Duration.ofSeconds(30), real),
                new TokenBucket(setup.callsPerSecond, setup.burst, clock, LimiterObserver.NONE), clock, executor);
        GitLabAgentAccess access = new GitLabAgentAccess(client, setup.errors.orElseGet(() -> new MemoryErrorCache(timers)),
                setup.lifetimes, timers, executor, accessLog.log());
        proxy = RunningProxy.setup().access(access).timers(timers).start();
        agent = proxy.agent;
        log = proxy.log;
        agent.atEnd(call -> call.answer(200, "", "Content-Length", "0"));
    }

    /** What GitLab knows of job 1: pipeline 2 of project 3 in group 6, user {@code testuser} with id 7, and these agents. */
    static String job(String... agents) {
        return jobWith("", agents);
    }

    /** The same with more members. */
    static String jobWith(String more, String... agents) {
        return """
                {"allowed_agents":[%s],"job":{"id":1},"pipeline":{"id":2},"project":{"id":3,"groups":[{"id":6}]},
                "user":{"id":7,"username":"testuser"}%s}""".formatted(String.join(",", agents), more);
    }

    /** An agent of {@link #job} with this mode. */
    static String agentAs(long id, String accessAs) {
        return "{\"id\":" + id + ",\"config_project\":{\"id\":5},\"configuration\":{\"default_namespace\":\"n\",\"access_as\":" + accessAs
                + "}}";
    }

    /** GitLab's yes about user {@code testuser} with id 8 and agent 123. */
    static String user(String accessAs) {
        return """
                {"agent":{"id":123,"config_project":{"id":5}},"user":{"id":8,"username":"testuser"},"access_as":{%s}}"""
                .formatted(accessAs);
    }

    /** {@code GET /api} with these header lines. */
    Answer get(String... lines) throws IOException {
        return ask("/api", lines);
    }

    /** {@code GET} as a browser with a session does, and further header lines. */
    Answer browse(String path, String... lines) throws IOException {
        List<String> all = new ArrayList<>(BROWSER);
        all.addAll(List.of(lines));
        return ask(path, all.toArray(String[]::new));
    }

    /** {@code GET} of a target with these header lines. */
    Answer ask(String target, String... lines) throws IOException {
        StringBuilder request = new StringBuilder("GET " + target + " HTTP/1.1\r\nHost: kas.test\r\n");
        for (String line : lines) {
            request.append(line).append("\r\n");
        }
        return proxy.ask(request.append("\r\n").toString());
    }

    RawPeer peer() throws IOException {
        return proxy.peer();
    }

    /** How often GitLab was asked about jobs and users. */
    int asked() {
        return jobsAsked().size() + usersAsked().size();
    }

    List<GitLabRequestSeen> jobsAsked() {
        return gitLab.requests(JOBS);
    }

    List<GitLabRequestSeen> usersAsked() {
        return gitLab.requests(USERS);
    }

    /** The message of a Status object, or all of what is none. */
    static String message(Answer answer) {
        int begin = answer.body().indexOf("\"message\":\"");
        if (begin < 0) {
            return answer.body();
        }
        int end = begin + 11;
        while (answer.body().charAt(end) != '"') {
            end += answer.body().charAt(end) == '\\' ? 2 : 1;
        }
        return answer.body().substring(begin + 11, end).replace("\\\"", "\"").replace("\\u003e", ">").replace("\\\\", "\\");
    }

    @Override
    public void close() {
        proxy.close();
        client.close();
        executor.shutdownNow();
        real.close();
        if (ownGitLab) {
            gitLab.close();
        }
    }
}
