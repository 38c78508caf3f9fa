package org.openkas.kubernetesapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.openkas.kubernetesapi.ProxyWithGitLab.JOBS;
import static org.openkas.kubernetesapi.ProxyWithGitLab.JOB_TOKEN;
import static org.openkas.kubernetesapi.ProxyWithGitLab.USERS;
import static org.openkas.kubernetesapi.ProxyWithGitLab.USER_TOKEN;
import static org.openkas.kubernetesapi.ProxyWithGitLab.message;
import static org.openkas.kubernetesapi.ProxyWithGitLab.setup;

import com.google.protobuf.ByteString;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.openkas.cluster.ErrorCache;
import org.openkas.cluster.MemoryErrorCache;
import org.openkas.common.LogLevel;
import org.openkas.proto.gitlab.ClientError;
import org.openkas.testkit.FakeGitLab;
import org.openkas.testkit.FakeTimers;
import org.openkas.testkit.GitLabAnswer;
import org.openkas.testkit.RawPeer;

/** How often GitLab is asked about the clients of clusters (chapter 03 §7.4). */
class AccessCacheTest {
    private static final Duration MINUTE = Duration.ofMinutes(1);

    /** Notes how it is used. */
    private static final class NotedErrors implements ErrorCache {
        final List<String> remembered = new CopyOnWriteArrayList<>();
        final List<String> sought = new CopyOnWriteArrayList<>();
        final ErrorCache errors;

        NotedErrors(ErrorCache errors) {
            this.errors = errors;
        }

        @Override
        public Optional<ClientError> find(Lookup lookup, ByteString key) {
            sought.add(name(lookup, key));
            return errors.find(lookup, key);
        }

        @Override
        public void remember(Lookup lookup, ByteString key, ClientError error, Duration ttl) {
            remembered.add(name(lookup, key) + " " + error.getStatusCode() + " " + error.getPath() + " " + error.getReason() + " " + ttl);
            errors.remember(lookup, key, error, ttl);
        }

        private static String name(Lookup lookup, ByteString key) {
            return lookup.label() + ":" + HexFormat.of().formatHex(key.toByteArray());
        }
    }

    private static Future<Integer> inBackground(ExecutorService threads, ProxyWithGitLab proxy, String... lines) {
        return threads.submit(() -> proxy.get(lines).status());
    }

    @ParameterizedTest
    @DisplayName("KP-25: two requests within a minute are one question, counted from the answer")
    @ValueSource(strings = {JOB_TOKEN, USER_TOKEN})
    void remembered(String token) throws Exception {
        try (ProxyWithGitLab proxy = setup().start()) {
            assertThat(proxy.get(token).status()).isEqualTo(200);
            for (int i = 0; i < 3; i++) {
                proxy.timers.advance(MINUTE.dividedBy(3).minusMillis(1));
                assertThat(proxy.get(token).status()).isEqualTo(200);
            }
            assertThat(proxy.asked()).isEqualTo(1);
            proxy.timers.advance(Duration.ofMillis(3));
            assertThat(proxy.get(token).status()).isEqualTo(200);
            assertThat(proxy.asked()).as("use does not make an answer last longer").isEqualTo(2);
        }
    }

    @Test
    @DisplayName("KP-25: what makes users' questions different")
    void differentQuestions() throws Exception {
        try (ProxyWithGitLab proxy = setup().start()) {
            String cookie = "Cookie: _gitlab_kas=glpat-x";
            for (int i = 0; i < 2; i++) {
                proxy.get(USER_TOKEN);
                proxy.get("Authorization: Bearer pat:124:glpat-x");
                proxy.get("Authorization: Bearer pat:123:glpat-y");
                proxy.get(cookie, "Gitlab-Agent-Id: 123", "X-Csrf-Token:");
                proxy.get(cookie, "Gitlab-Agent-Id: 123", "X-Csrf-Token: t");
                proxy.get(cookie, "Gitlab-Agent-Id: 123", "X-Csrf-Token: u");
            }
            assertThat(proxy.usersAsked()).hasSize(6);
            proxy.get("Authorization: Bearer ci:123:job");
            proxy.get("Authorization: Bearer ci:9:job");
            assertThat(proxy.jobsAsked()).as("one answer about a job tells of all agents").hasSize(1);
        }
    }

    @ParameterizedTest
    @DisplayName("KP-25: ten first requests at once are one question")
    @ValueSource(strings = {JOB_TOKEN, USER_TOKEN})
    void together(String token) throws Exception {
        try (ProxyWithGitLab proxy = setup().start(); ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Duration wait = Duration.ofMillis(500);
            proxy.gitLab.always(JOBS,
                    request -> GitLabAnswer.json(200, ProxyWithGitLab.job(ProxyWithGitLab.agentAs(123, "{\"agent\":{}}"))).after(wait));
            proxy.gitLab.always(USERS, request -> GitLabAnswer.json(201, ProxyWithGitLab.user("\"agent\":{}")).after(wait));
            List<Future<Integer>> answers = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                answers.add(inBackground(threads, proxy, token));
            }
            for (Future<Integer> answer : answers) {
                assertThat(answer.get()).isEqualTo(200);
            }
            assertThat(proxy.asked()).isEqualTo(1);
        }
    }

    @Test
    @DisplayName("KP-25, chapter 03 §7.4: a client that leaves while it waits for another's question changes nothing, and the one who asks may leave as well")
    void clientsThatLeave() throws Exception {
        try (ProxyWithGitLab proxy = setup().start(); ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            proxy.gitLab.next(JOBS, GitLabAnswer.status(401).after(Duration.ofSeconds(30)));
            RawPeer first = proxy.peer();
            first.send("GET / HTTP/1.1\r\nHost: x\r\n" + JOB_TOKEN + "\r\n\r\n");
            await().until(() -> proxy.asked() == 1);
            Future<Integer> second = inBackground(threads, proxy, JOB_TOKEN);
            RawPeer third = proxy.peer();
            third.send("GET / HTTP/1.1\r\nHost: x\r\n" + JOB_TOKEN + "\r\n\r\n");
            third.reset();
            first.close();
            assertThat(second.get()).isEqualTo(200);
            // the third may have had its turn before it was seen to be gone
            assertThat(proxy.asked()).isBetween(2, 3);
            assertThat(proxy.log.lines()).noneMatch(line -> line.level() == LogLevel.ERROR);
        }
    }

    @ParameterizedTest
    @DisplayName("KP-26: a refusal holds for ten seconds, on every server that shares the cache of errors")
    @ValueSource(ints = {401, 403, 404})
    void refusals(int status) throws Exception {
        try (FakeGitLab gitLab = FakeGitLab.release19()) {
            gitLab.always(JOBS, request -> GitLabAnswer.status(status));
            gitLab.always(USERS, request -> GitLabAnswer.json(status, "{\"message\":\"why\"}"));
            FakeTimers timers = new FakeTimers();
            NotedErrors errors = new NotedErrors(new MemoryErrorCache(timers));
            try (ProxyWithGitLab one = setup().gitLab(gitLab).errors(errors).start();
                    ProxyWithGitLab two = setup().gitLab(gitLab).errors(errors).start()) {
                String job = message(one.get("Authorization: Bearer ci:123:jobtoken12"));
                String user = message(one.get("Cookie: _gitlab_kas=abcdefgh", "Gitlab-Agent-Id: 42", "X-Csrf-Token: token"));
                timers.advance(Duration.ofMillis(9_999));
                assertThat(message(two.get("Authorization: Bearer ci:123:jobtoken12"))).isEqualTo(job);
                assertThat(message(two.get("Cookie: _gitlab_kas=abcdefgh", "Gitlab-Agent-Id: 42", "X-Csrf-Token: token"))).isEqualTo(user);
                assertThat(one.asked()).isEqualTo(2);
                timers.advance(Duration.ofMillis(1));
                two.get("Authorization: Bearer ci:123:jobtoken12");
                assertThat(one.asked()).isEqualTo(3);
            }
            assertThat(errors.remembered).as("GB-35: the names of the errors are those of the Go KAS").startsWith(
                    "allowed_agents_errs:06c0736abf7a269b56e8593afe975efaef2d1b4b8dccf7a571a7486011e3df87 " + status
                            + " /api/v4/job/allowed_agents  PT10S",
                    "auth_proxy_user_errs:9117e22c50253989012f235ab2cc4099b1522d73b3752567d017acaf76bc79a8 " + status
                            + " /api/v4/internal/kubernetes/authorize_proxy_user why PT10S");
        }
    }

    @Test
    @DisplayName("KP-27: an error that another server has written is honoured, but not before a good answer of this one has expired")
    void errorsOfOthers() throws Exception {
        FakeTimers timers = new FakeTimers();
        MemoryErrorCache errors = new MemoryErrorCache(timers);
        try (ProxyWithGitLab proxy = setup().errors(errors).start()) {
            assertThat(proxy.get("Authorization: Bearer ci:123:jobtoken12").status()).isEqualTo(200);
            errors.remember(ErrorCache.Lookup.ALLOWED_AGENTS,
                    ByteString.fromHex("06c0736abf7a269b56e8593afe975efaef2d1b4b8dccf7a571a7486011e3df87"),
                    ClientError.newBuilder().setStatusCode(403).setPath("/gitlab/p").setReason("r").build(), Duration.ofHours(1));
            assertThat(proxy.get("Authorization: Bearer ci:123:jobtoken12").status()).isEqualTo(200);
            proxy.timers.advance(MINUTE);
            assertThat(message(proxy.get("Authorization: Bearer ci:123:jobtoken12")))
                    .isEqualTo("GitLab Agent Server: Forbidden: CI job token: HTTP status code: 403 for path /gitlab/p with reason r");
            assertThat(message(proxy.get("Authorization: Bearer ci:123:jobtoXXXXX"))).as("half of a token is looked at")
                    .contains("/gitlab/p");
            assertThat(proxy.asked()).isEqualTo(1);
        }
    }

    @Test
    @DisplayName("KP-28: without a time to live every request is a question, and the cache of errors is left alone")
    void withoutLifetime() throws Exception {
        NotedErrors errors = new NotedErrors(new MemoryErrorCache(new FakeTimers()));
        try (ProxyWithGitLab proxy = setup().lifetimes(Duration.ZERO, Duration.ofSeconds(10), Duration.ofMinutes(5)).errors(errors)
                .start()) {
            for (int i = 0; i < 2; i++) {
                assertThat(proxy.get(JOB_TOKEN).status()).isEqualTo(200);
                assertThat(proxy.get(USER_TOKEN).status()).isEqualTo(200);
            }
            proxy.gitLab.always(JOBS, request -> GitLabAnswer.status(401));
            assertThat(proxy.get(JOB_TOKEN).status()).isEqualTo(401);
            assertThat(proxy.get(JOB_TOKEN).status()).isEqualTo(401);
            assertThat(proxy.asked()).isEqualTo(6);
            assertThat(errors.sought).isEmpty();
            assertThat(errors.remembered).isEmpty();
        }
    }

    @ParameterizedTest
    @DisplayName("KP-29: failures are not remembered")
    @ValueSource(ints = {400, 501})
    void failures(int status) throws Exception {
        NotedErrors errors = new NotedErrors(new MemoryErrorCache(new FakeTimers()));
        try (ProxyWithGitLab proxy = setup().errors(errors).start()) {
            proxy.gitLab.next(JOBS, GitLabAnswer.status(status));
            proxy.gitLab.next(USERS, GitLabAnswer.status(status));
            assertThat(proxy.get(JOB_TOKEN).status()).isEqualTo(500);
            assertThat(proxy.get(USER_TOKEN).status()).isEqualTo(500);
            assertThat(proxy.get(JOB_TOKEN).status()).isEqualTo(200);
            assertThat(proxy.get(USER_TOKEN).status()).isEqualTo(200);
            assertThat(errors.remembered).isEmpty();
        }
    }

    @Test
    @DisplayName("KP-29: after a GitLab that answered 500 to all attempts the next request asks again")
    void failuresThatCountAsOutage() throws Exception {
        try (ProxyWithGitLab proxy = setup().start()) {
            proxy.gitLab.next(JOBS, GitLabAnswer.status(500), GitLabAnswer.status(500), GitLabAnswer.status(500), GitLabAnswer.status(500),
                    GitLabAnswer.status(500));
            assertThat(proxy.get(JOB_TOKEN).status()).isEqualTo(500);
            assertThat(proxy.get(JOB_TOKEN).status()).isEqualTo(200);
            assertThat(proxy.jobsAsked()).hasSize(6);
        }
    }
}
