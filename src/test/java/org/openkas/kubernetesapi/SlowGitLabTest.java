package org.openkas.kubernetesapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.openkas.kubernetesapi.ProxyWithGitLab.JOBS;
import static org.openkas.kubernetesapi.ProxyWithGitLab.JOB_TOKEN;
import static org.openkas.kubernetesapi.ProxyWithGitLab.USERS;
import static org.openkas.kubernetesapi.ProxyWithGitLab.USER_TOKEN;
import static org.openkas.kubernetesapi.ProxyWithGitLab.message;
import static org.openkas.kubernetesapi.ProxyWithGitLab.setup;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.openkas.common.LogLevel;
import org.openkas.kubernetesapi.RunningProxy.Answer;
import org.openkas.testkit.GitLabAnswer;
import org.openkas.testkit.GitLabRequestSeen;
import org.openkas.testkit.RawPeer;

/** Clients of clusters while GitLab takes its time: known ones go on, strangers wait five seconds at most, and hold up nobody. */
@Timeout(60)
class SlowGitLabTest {
    private static final Duration NEVER = Duration.ofHours(1);
    private static final String YES = ProxyWithGitLab.job(ProxyWithGitLab.agentAs(123, "{\"agent\":{}}"));

    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    @AfterEach
    void stop() {
        threads.shutdownNow();
    }

    private Future<Answer> ask(ProxyWithGitLab proxy, String token) {
        return threads.submit(() -> proxy.get(token));
    }

    private static String stranger(int number) {
        // half of a token names a remembered refusal: these differ early
        return "Authorization: Bearer ci:123:%03d-stranger".formatted(number);
    }

    private static void hang(ProxyWithGitLab proxy) {
        proxy.gitLab.always(JOBS, request -> GitLabAnswer.status(401).after(NEVER));
        proxy.gitLab.always(USERS, request -> GitLabAnswer.status(401).after(NEVER));
    }

    /** Waits until so many calls run into GitLab. */
    private static void awaitAsked(ProxyWithGitLab proxy, int calls) {
        await().until(() -> proxy.asked() == calls);
    }

    @ParameterizedTest
    @DisplayName("a GitLab that does not answer: the client gets 500 after five seconds, and the log says what to look at")
    @ValueSource(strings = {JOB_TOKEN, USER_TOKEN})
    void hangingGitLab(String token) throws Exception {
        try (ProxyWithGitLab proxy = setup().fakeClockForCalls().start()) {
            hang(proxy);
            Future<Answer> answer = ask(proxy, token);
            awaitAsked(proxy, 1);
            proxy.timers.advance(Duration.ofMillis(4_999));
            assertThat(answer.isDone()).isFalse();
            proxy.timers.advance(Duration.ofMillis(1));
            assertThat(answer.get().status()).isEqualTo(500);
            String what = token.equals(JOB_TOKEN) ? "Failed to get allowed agents for CI job token" : "Failed to authorize user session";
            assertThat(message(answer.get())).startsWith("GitLab Agent Server: " + what);
            assertThat(proxy.log.lines(what)).singleElement().satisfies(line -> {
                assertThat(line.level()).isEqualTo(LogLevel.ERROR);
                assertThat(line.fields().get("error").toString()).endsWith(": context deadline exceeded");
                assertThat(line.fields()).containsKey("remedy");
            });
        }
    }

    @Test
    @DisplayName("an answer whose second half does not come is no better")
    void hangingBody() throws Exception {
        try (ProxyWithGitLab proxy = setup().fakeClockForCalls().start()) {
            proxy.gitLab.always(JOBS, request -> GitLabAnswer.json(200, YES).stalled());
            proxy.gitLab.always(USERS, request -> GitLabAnswer.json(403, YES).stalled());
            Future<Answer> job = ask(proxy, JOB_TOKEN);
            Future<Answer> user = ask(proxy, USER_TOKEN);
            awaitAsked(proxy, 2);
            // the time begins when the calls do, and ends with their last byte
            await().until(() -> {
                proxy.timers.advance(Duration.ofSeconds(1));
                return job.isDone() && user.isDone();
            });
            assertThat(Duration.ofNanos(proxy.timers.nanos())).isLessThan(Duration.ofSeconds(50));
            assertThat(message(job.get())).endsWith(": response body read: context deadline exceeded");
            assertThat(user.get().status()).isEqualTo(401);
        }
    }

    @Test
    @DisplayName("who waited for another's question has waited, even if the other one leaves")
    void joined() throws Exception {
        try (ProxyWithGitLab proxy = setup().fakeClockForCalls().start()) {
            hang(proxy);
            RawPeer first = proxy.peer();
            first.send("GET / HTTP/1.1\r\nHost: x\r\n" + JOB_TOKEN + "\r\n\r\n");
            awaitAsked(proxy, 1);
            proxy.timers.advance(Duration.ofSeconds(1));
            int quiet = proxy.timers.pending();
            Future<Answer> second = ask(proxy, JOB_TOKEN);
            // the second one's request is there: its connection waits for nothing any more
            await().during(Duration.ofMillis(200)).until(() -> proxy.timers.pending() <= quiet);
            proxy.timers.advance(Duration.ofSeconds(3));
            first.close();
            awaitAsked(proxy, 2);
            await().pollInterval(Duration.ofMillis(20)).until(() -> {
                proxy.timers.advance(Duration.ofMillis(50));
                return second.isDone();
            });
            assertThat(second.get().status()).isEqualTo(500);
            assertThat(Duration.ofNanos(proxy.timers.nanos())).isLessThan(Duration.ofSeconds(7));
        }
    }

    @ParameterizedTest
    @DisplayName("known clients go on from an expired answer for a bounded time, and only the first of them waits")
    @ValueSource(strings = {JOB_TOKEN, USER_TOKEN})
    void knownClients(String token) throws Exception {
        try (ProxyWithGitLab proxy = setup().fakeClockForCalls().start()) {
            assertThat(proxy.get(token).status()).isEqualTo(200);
            assertThat(proxy.get("Authorization: Bearer ci:123:other").status()).isEqualTo(200);
            hang(proxy);
            proxy.timers.advance(Duration.ofMinutes(1));
            Future<Answer> first = ask(proxy, token);
            awaitAsked(proxy, 3);
            proxy.timers.advance(Duration.ofSeconds(5));
            assertThat(first.get().status()).isEqualTo(200);
            for (int i = 0; i < 3; i++) {
                assertThat(proxy.get(token).status()).as("at once").isEqualTo(200);
            }
            assertThat(proxy.accessLog.lines()).as("a failure that no client saw").hasSize(1);

            proxy.timers.advance(Duration.ofMinutes(5));
            Future<Answer> last = ask(proxy, token);
            await().pollInterval(Duration.ofMillis(10)).until(() -> {
                proxy.timers.advance(Duration.ofMillis(100));
                return last.isDone();
            });
            assertThat(last.get().status()).as("more than five minutes after it expired").isEqualTo(500);
        }
    }

    @Test
    @DisplayName("a GitLab that is back is asked again, and may take the access away")
    void back() throws Exception {
        try (ProxyWithGitLab proxy = setup().fakeClockForCalls().start()) {
            proxy.get(JOB_TOKEN);
            hang(proxy);
            proxy.timers.advance(Duration.ofMinutes(1));
            Future<Answer> first = ask(proxy, JOB_TOKEN);
            awaitAsked(proxy, 2);
            proxy.timers.advance(Duration.ofSeconds(5));
            assertThat(first.get().status()).isEqualTo(200);
            proxy.gitLab.always(JOBS, request -> GitLabAnswer.status(401));
            proxy.timers.advance(Duration.ofSeconds(1));
            assertThat(proxy.get(JOB_TOKEN).status()).as("the last one that an expired answer serves").isEqualTo(200);
            awaitAsked(proxy, 3);
            await().until(() -> proxy.get(JOB_TOKEN).status() == 401);
            assertThat(proxy.asked()).isEqualTo(3);
        }
    }

    @Test
    @DisplayName("while GitLab answers nothing but errors known clients go on at once as well")
    void failingGitLab() throws Exception {
        try (ProxyWithGitLab proxy = setup().start()) {
            proxy.get(JOB_TOKEN);
            proxy.gitLab.always(JOBS, request -> GitLabAnswer.status(502));
            proxy.timers.advance(Duration.ofMinutes(1));
            assertThat(proxy.get(JOB_TOKEN).status()).isEqualTo(200);
            long begin = System.nanoTime();
            assertThat(proxy.get(JOB_TOKEN).status()).isEqualTo(200);
            assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(1));
            proxy.timers.advance(Duration.ofMinutes(5));
            assertThat(proxy.get(JOB_TOKEN).status()).isEqualTo(500);
        }
    }

    private static long errors(ProxyWithGitLab proxy) {
        return proxy.log.lines().stream().filter(line -> line.level() == LogLevel.ERROR).count();
    }

    /** Answers about strangers as {@code strangers} says, and about everybody else at once. */
    private static void answer(ProxyWithGitLab proxy, Function<GitLabRequestSeen, GitLabAnswer> strangers) {
        proxy.gitLab.always(JOBS, request -> request.header("Job-Token").endsWith("-stranger")
                ? strangers.apply(request)
                : GitLabAnswer.json(200, YES));
    }

    @Test
    @DisplayName("strangers who come in crowds use up the rate limit for themselves only")
    void crowdAtTheRateLimit() throws Exception {
        try (ProxyWithGitLab proxy = setup().fakeClockForCalls().rate(10, 20).start()) {
            answer(proxy, request -> GitLabAnswer.status(401));
            proxy.get(JOB_TOKEN);
            proxy.timers.advance(Duration.ofMinutes(1));
            List<Future<Answer>> crowd = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                crowd.add(ask(proxy, stranger(i)));
            }
            // of 20 tokens 4 are kept back, and as long as time stands still there are no more
            await().until(() -> crowd.stream().filter(Future::isDone).count() == 16);
            assertThat(proxy.get(JOB_TOKEN).status()).as("somebody known, at once").isEqualTo(200);
            assertThat(proxy.jobsAsked().getLast().header("Job-Token")).isEqualTo("job-token-of-a-job");
            assertThat(proxy.asked()).isEqualTo(1 + 16 + 1);
            await().until(() -> {
                proxy.timers.advance(Duration.ofMillis(100));
                return crowd.stream().allMatch(Future::isDone);
            });
            int refused = 0;
            for (Future<Answer> one : crowd) {
                if (one.get().status() == 500) {
                    refused++;
                    assertThat(message(one.get())).containsAnyOf("rate: Wait(n=1) would exceed context deadline",
                            "context deadline exceeded");
                }
            }
            assertThat(refused).as("those who would have waited longer than five seconds").isPositive();
            assertThat(errors(proxy)).as("lines about them").isBetween(1L, (long) refused);
        }
    }

    @Test
    @DisplayName("strangers whom GitLab takes long to answer about leave connections to others")
    void crowdAtTheConnections() throws Exception {
        try (ProxyWithGitLab proxy = setup().fakeClockForCalls().start()) {
            answer(proxy, request -> GitLabAnswer.status(401).after(NEVER));
            proxy.get(JOB_TOKEN);
            proxy.timers.advance(Duration.ofMinutes(1));
            List<Future<Answer>> crowd = new ArrayList<>();
            for (int i = 0; i < 80; i++) {
                crowd.add(ask(proxy, stranger(i)));
            }
            awaitAsked(proxy, 41);
            assertThat(proxy.get(JOB_TOKEN).status()).as("somebody known, at once").isEqualTo(200);
            assertThat(proxy.asked()).isEqualTo(42);
            await().until(() -> {
                proxy.timers.advance(Duration.ofSeconds(1));
                return crowd.stream().allMatch(Future::isDone);
            });
            for (Future<Answer> one : crowd) {
                assertThat(one.get().status()).isEqualTo(500);
            }
            assertThat(errors(proxy)).as("lines about the crowd").isBetween(1L, 15L);
        }
    }
}
