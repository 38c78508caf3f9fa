package org.openkas.gitlab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.openkas.cluster.ErrorCache;
import org.openkas.cluster.MemoryErrorCache;
import org.openkas.common.AgentToken;
import org.openkas.common.AgentType;
import org.openkas.gitlab.GitLabException.Kind;
import org.openkas.proto.gitlab.ClientError;
import org.openkas.testkit.AgentInfoSourceContract;
import org.openkas.testkit.FakeTimers;
import org.openkas.testkit.RecordedLog;

class CachedAgentInfoSourceTest extends AgentInfoSourceContract {
    private static final AgentToken TOKEN = AgentToken.ofAgentk("token");
    private static final CachedLookup.Lifetimes USUAL = new CachedLookup.Lifetimes(Duration.ofMinutes(5),
            Duration.ofMinutes(1),
            Duration.ofMinutes(5));

    private final FakeTimers timers = new FakeTimers();
    private final ScriptedSource gitLab = new ScriptedSource(timers);
    private final MemoryErrorCache errors = new MemoryErrorCache(timers);
    private final RecordedLog log = new RecordedLog();
    private final CachedAgentInfoSource cache = cache(USUAL, errors);

    private CachedAgentInfoSource cache(CachedLookup.Lifetimes lifetimes, ErrorCache shared) {
        return new CachedAgentInfoSource(gitLab, shared, lifetimes, timers, Runnable::run, log.log());
    }

    @Override
    protected AgentInfoSource source() {
        gitLab.behave(token -> {
            if (token.equals(AgentToken.ofAgentk("known-token"))) {
                return ScriptedSource.INFO;
            }
            throw GitLabException.status(401, "/p", "");
        });
        return cache;
    }

    @Test
    @DisplayName("AG-29, GB-32: one request in five minutes, then one more")
    void remembersForFiveMinutes() throws Exception {
        assertThat(cache.agentInfo(TOKEN)).isEqualTo(ScriptedSource.INFO);
        timers.advance(Duration.ofMinutes(4));
        cache.agentInfo(TOKEN);
        assertThat(gitLab.asked()).isEqualTo(1);
        timers.advance(Duration.ofMinutes(1));
        cache.agentInfo(TOKEN);
        cache.agentInfo(TOKEN);
        assertThat(gitLab.asked()).isEqualTo(2);
    }

    @Test
    @DisplayName("GB-32: without a time to live nothing is remembered, in neither direction")
    void withoutLifetime() throws Exception {
        CountingErrors counting = new CountingErrors();
        CachedAgentInfoSource none = cache(new CachedLookup.Lifetimes(Duration.ZERO, Duration.ofMinutes(1), Duration.ofMinutes(5)),
                counting);
        none.agentInfo(TOKEN);
        none.agentInfo(TOKEN);
        gitLab.fail(401);
        assertThat(failure(none, TOKEN).kind()).isEqualTo(Kind.UNAUTHORIZED);
        assertThat(gitLab.asked()).isEqualTo(3);
        assertThat(counting.calls).hasValue(0);
    }

    @Test
    @DisplayName("GB-33, AG-29: many first callers of one token cause one request")
    void oneRequestForMany() throws Exception {
        CountDownLatch answer = new CountDownLatch(1);
        gitLab.behave(token -> {
            answer.await();
            return ScriptedSource.INFO;
        });
        List<Future<AgentInfo>> infos = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int caller = 0; caller < 50; caller++) {
                infos.add(threads.submit(() -> cache.agentInfo(TOKEN)));
            }
            await().until(() -> gitLab.asked() == 1);
            answer.countDown();
        }
        for (Future<AgentInfo> info : infos) {
            assertThat(info.get()).isEqualTo(ScriptedSource.INFO);
        }
        assertThat(gitLab.asked()).isEqualTo(1);
    }

    @ParameterizedTest
    @DisplayName("AG-27, GB-34: a refusal is remembered for a minute, by every server")
    @ValueSource(ints = {401, 403, 404})
    void refusals(int status) throws Exception {
        gitLab.fail(status);
        CachedAgentInfoSource other = cache(USUAL, errors);

        assertThat(failure(cache, TOKEN).statusCode()).isEqualTo(status);
        timers.advance(Duration.ofSeconds(59));
        assertThat(failure(cache, TOKEN)).hasMessage("HTTP status code: " + status + " for path /api/v4/internal/kubernetes/agent_info");
        assertThat(failure(other, TOKEN).statusCode()).isEqualTo(status);
        assertThat(gitLab.asked()).isEqualTo(1);

        timers.advance(Duration.ofSeconds(1));
        gitLab.answer();
        assertThat(cache.agentInfo(TOKEN)).isEqualTo(ScriptedSource.INFO);
    }

    @Test
    @DisplayName("chapter 02 §4.2: a good answer of this server wins over a refusal that another one remembers")
    void freshWins() throws Exception {
        cache.agentInfo(TOKEN);
        errors.remember(ErrorCache.Lookup.AGENT_INFO, ByteString.copyFrom(TOKEN.key()), ClientError.newBuilder().setStatusCode(401).build(),
                Duration.ofMinutes(20));
        assertThat(cache.agentInfo(TOKEN)).isEqualTo(ScriptedSource.INFO);
        timers.advance(Duration.ofMinutes(5));
        assertThat(failure(cache, TOKEN).kind()).isEqualTo(Kind.UNAUTHORIZED);
        assertThat(gitLab.asked()).isEqualTo(1);
    }

    @ParameterizedTest
    @DisplayName("GB-37, GB-11: other failures are not remembered")
    @ValueSource(ints = {500, 503, 429, 302, 400})
    void failuresAreNotRemembered(int status) throws Exception {
        CountingErrors counting = new CountingErrors();
        CachedAgentInfoSource counted = cache(USUAL, counting);
        gitLab.fail(status);
        assertThat(failure(counted, TOKEN).kind()).isEqualTo(Kind.UNAVAILABLE);
        assertThat(counting.remembered).hasValue(0);
        gitLab.answer();
        assertThat(counted.agentInfo(TOKEN)).isEqualTo(ScriptedSource.INFO);
    }

    @Test
    @DisplayName("NR-017: a token of another kind does not spoil the remembered errors")
    void otherKinds() throws Exception {
        AgentToken runner = new AgentToken(AgentType.RUNNER, TOKEN.value());
        gitLab.behave(token -> {
            if (token.type() == AgentType.AGENTK) {
                return ScriptedSource.INFO;
            }
            throw GitLabException.status(401, "/p", "");
        });
        assertThat(failure(cache, runner).kind()).isEqualTo(Kind.UNAUTHORIZED);
        assertThat(cache.agentInfo(TOKEN)).isEqualTo(ScriptedSource.INFO);
    }

    @Test
    @DisplayName("GB-38: who waits for another's question can give up, and the question goes on")
    void waitingCanBeGivenUp() throws Exception {
        CountDownLatch answer = new CountDownLatch(1);
        gitLab.behave(token -> {
            answer.await();
            return ScriptedSource.INFO;
        });
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<AgentInfo> asking = threads.submit(() -> cache.agentInfo(TOKEN));
            await().until(() -> gitLab.asked() == 1);
            AtomicReference<Throwable> outcome = new AtomicReference<>();
            Thread waiting = Thread.ofVirtual().start(() -> {
                try {
                    cache.agentInfo(TOKEN);
                } catch (GitLabException | InterruptedException e) {
                    outcome.set(e);
                }
            });
            await().until(() -> waiting.getState() == Thread.State.WAITING);
            waiting.interrupt();
            waiting.join();
            assertThat(outcome.get()).isInstanceOf(InterruptedException.class);
            answer.countDown();
            assertThat(asking.get()).isEqualTo(ScriptedSource.INFO);
        }
    }

    @Test
    @DisplayName("GB-16: a caller that gives up leaves nothing behind; the next one asks")
    void askingCanBeGivenUp() throws Exception {
        gitLab.behave(token -> {
            throw new InterruptedException();
        });
        assertThat(catchThrowableOfType(InterruptedException.class, () -> cache.agentInfo(TOKEN))).isNotNull();
        gitLab.answer();
        assertThat(cache.agentInfo(TOKEN)).isEqualTo(ScriptedSource.INFO);
        assertThat(log.lines()).isEmpty();
    }

    @Test
    void whoWaitedForAFailureGetsItToo() throws Exception {
        CountDownLatch answer = new CountDownLatch(1);
        gitLab.behave(token -> {
            answer.await();
            throw GitLabException.unusable("ValidateAll: nonsense", "");
        });
        List<Future<GitLabException>> failures = new ArrayList<>();
        List<Thread> callers = new ArrayList<>();
        for (int caller = 0; caller < 20; caller++) {
            var failure = new java.util.concurrent.FutureTask<>(() -> failure(cache, TOKEN));
            failures.add(failure);
            callers.add(Thread.ofPlatform().daemon().start(failure));
        }
        await().until(() -> callers.stream().allMatch(thread -> thread.getState() == Thread.State.WAITING));
        answer.countDown();
        int reports = 0;
        for (Future<GitLabException> failure : failures) {
            reports += failure.get().firstReport() ? 1 : 0;
        }
        assertThat(gitLab.asked()).isEqualTo(1);
        assertThat(reports).isEqualTo(1);
    }

    @Test
    void anExpiredAnswerServesWhileGitLabFails() throws Exception {
        cache.agentInfo(TOKEN);
        timers.advance(Duration.ofMinutes(5));
        gitLab.fail(502);

        assertThat(cache.agentInfo(TOKEN)).isEqualTo(ScriptedSource.INFO);
        assertThat(log.lines("GetAgentInfo()")).hasSize(1).first().satisfies(line -> assertThat(line.fields())
                .containsEntry("error", "HTTP status code: 502 for path /api/v4/internal/kubernetes/agent_info").containsKey("remedy"));
        timers.advance(Duration.ofMinutes(5).minusMillis(1));
        assertThat(cache.agentInfo(TOKEN)).isEqualTo(ScriptedSource.INFO);
        timers.advance(Duration.ofMillis(1));
        assertThat(failure(cache, TOKEN).kind()).isEqualTo(Kind.UNAVAILABLE);
    }

    @Test
    void anExpiredAnswerIsRefreshedOnceGitLabIsBack() throws Exception {
        cache.agentInfo(TOKEN);
        timers.advance(Duration.ofMinutes(5));
        gitLab.fail(502);
        cache.agentInfo(TOKEN);
        gitLab.answer();
        timers.advance(Duration.ofSeconds(1));
        cache.agentInfo(TOKEN);
        int asked = gitLab.asked();
        timers.advance(Duration.ofMinutes(5).minusMillis(1));
        cache.agentInfo(TOKEN);
        assertThat(gitLab.asked()).as("fresh again since the background asked").isEqualTo(asked);
    }

    @Test
    void aRefusalEndsTheServiceOfAnExpiredAnswer() throws Exception {
        cache.agentInfo(TOKEN);
        timers.advance(Duration.ofMinutes(5));
        gitLab.fail(401);
        assertThat(failure(cache, TOKEN).kind()).isEqualTo(Kind.UNAUTHORIZED);
        timers.advance(Duration.ofMinutes(2));
        gitLab.fail(502);
        assertThat(failure(cache, TOKEN).kind()).isEqualTo(Kind.UNAVAILABLE);
    }

    private static GitLabException failure(AgentInfoSource source, AgentToken token) {
        return catchThrowableOfType(GitLabException.class, () -> source.agentInfo(token));
    }

    /** Remembers nothing. */
    private static final class CountingErrors implements ErrorCache {
        private final AtomicInteger calls = new AtomicInteger();
        private final AtomicInteger remembered = new AtomicInteger();

        @Override
        public Optional<ClientError> find(Lookup lookup, ByteString key) {
            calls.incrementAndGet();
            return Optional.empty();
        }

        @Override
        public void remember(Lookup lookup, ByteString key, ClientError error, Duration ttl) {
            calls.incrementAndGet();
            remembered.incrementAndGet();
        }
    }
}
