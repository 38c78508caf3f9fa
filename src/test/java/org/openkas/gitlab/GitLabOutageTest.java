package org.openkas.gitlab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import io.grpc.StatusException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.openkas.cluster.MemoryErrorCache;
import org.openkas.common.AgentToken;
import org.openkas.testkit.FakeTimers;
import org.openkas.testkit.RecordedLog;

/** What a GitLab that does not answer costs: few calls, few lines, and no time once it is back. */
class GitLabOutageTest {
    private static final int AGENTS = 30;

    private final FakeTimers timers = new FakeTimers();
    private final Random random = new Random(7);
    private final ScriptedSource gitLab = new ScriptedSource(timers);
    private final RecordedLog log = new RecordedLog();
    private final List<Long> lineMillis = new ArrayList<>();
    private final CachedAgentInfoSource cache = new CachedAgentInfoSource(gitLab, new MemoryErrorCache(timers),
            new CachedLookup.Lifetimes(Duration.ofMinutes(5), Duration.ofMinutes(1), Duration.ofMinutes(5)), timers, Runnable::run,
            log.log());
    private final AgentLookup lookup = new AgentLookup(cache);
    private int connected;

    @Test
    @DisplayName("30 agents that retry every 20 to 100 ms cost at most 5 calls and 5 lines within any second")
    void fewCallsAndLines() {
        gitLab.fail(502);
        everyAgentRetries();
        timers.advance(Duration.ofSeconds(20));

        assertThat(busiestSecond(gitLab.askedMillis())).isLessThanOrEqualTo(5);
        assertThat(busiestSecond(lineMillis)).isLessThanOrEqualTo(5);
        assertThat(gitLab.asked()).as("it goes on looking").isGreaterThan(40);
        assertThat(log.lines()).hasSameSizeAs(gitLab.askedMillis()).allSatisfy(line -> {
            assertThat(line.message()).isEqualTo("GetAgentInfo()");
            assertThat(line.fields()).containsEntry("error", "HTTP status code: 502 for path /api/v4/internal/kubernetes/agent_info")
                    .containsEntry("grpc_service", "s").containsKey("remedy");
        });

        gitLab.answer();
        timers.advance(Duration.ofMillis(1500));
        assertThat(connected).isEqualTo(AGENTS);
    }

    @Test
    @DisplayName("answers that make no sense cost no more once each agent has got one")
    void unusableAnswers() {
        gitLab.behave(token -> {
            throw GitLabException.unusable("ValidateAll: nonsense", "");
        });
        everyAgentRetries();
        timers.advance(Duration.ofSeconds(1));
        int firstTime = gitLab.asked();
        timers.advance(Duration.ofSeconds(10));
        assertThat(firstTime).isBetween(AGENTS, AGENTS + 5);
        assertThat(gitLab.asked() - firstTime).isBetween(20, 41);
        assertThat(log.lines()).hasSameSizeAs(gitLab.askedMillis());
    }

    @Test
    void nonsenseForOneAgentDoesNotKeepOthersOut() throws Exception {
        AgentToken bad = AgentToken.ofAgentk("bad");
        gitLab.behave(token -> {
            if (token.equals(bad)) {
                throw GitLabException.unusable("ValidateAll: nonsense", "");
            }
            return ScriptedSource.INFO;
        });
        for (int attempt = 0; attempt < 10; attempt++) {
            assertThat(catchThrowableOfType(StatusException.class, () -> lookup.identify(bad, log.log()))).isNotNull();
        }
        assertThat(lookup.identify(AgentToken.ofAgentk("good"), log.log())).isEqualTo(ScriptedSource.INFO);
    }

    @Test
    @DisplayName("an error 500 for one agent, over and over, keeps no other agent out, and costs few calls")
    void errorForOneAgent() throws Exception {
        AgentToken bad = AgentToken.ofAgentk("bad");
        gitLab.behave(token -> {
            if (token.equals(bad)) {
                throw GitLabException.status(500, "/p", "");
            }
            return ScriptedSource.INFO;
        });
        for (int attempt = 0; attempt < 10; attempt++) {
            assertThat(catchThrowableOfType(StatusException.class, () -> lookup.identify(bad, log.log()))).isNotNull();
        }
        assertThat(gitLab.asked()).isEqualTo(4);
        AgentInfo good = lookup.identify(AgentToken.ofAgentk("good"), log.log());
        assertThat(good).isEqualTo(ScriptedSource.INFO);
    }

    @Test
    @DisplayName("an error 500 for a second agent makes it everybody's")
    void errorForTwoAgents() {
        gitLab.fail(500);
        for (int agent = 0; agent < AGENTS; agent++) {
            AgentToken token = AgentToken.ofAgentk("agent-" + agent);
            assertThat(catchThrowableOfType(StatusException.class, () -> lookup.identify(token, log.log()))).isNotNull();
        }
        assertThat(gitLab.asked()).isLessThanOrEqualTo(6);
    }

    @Test
    @DisplayName("AG-28: a single failure delays the next attempt by nothing but its own wait")
    void aSingleFailure() throws Exception {
        AgentToken token = AgentToken.ofAgentk("token");
        gitLab.fail(500);
        assertThat(catchThrowableOfType(StatusException.class, () -> lookup.identify(token, log.log())).getStatus().getDescription())
                .isEqualTo("unavailable");
        gitLab.answer();
        timers.advance(Duration.ofMillis(20));
        assertThat(lookup.identify(token, log.log())).isEqualTo(ScriptedSource.INFO);
        assertThat(gitLab.asked()).isEqualTo(2);
    }

    @Test
    @DisplayName("a GitLab that hangs gets four calls at a time; everyone else has an answer at once")
    void aHangingGitLab() throws Exception {
        gitLab.fail(502);
        assertThat(catchThrowableOfType(StatusException.class, () -> lookup.identify(AgentToken.ofAgentk("first"), log.log()))).isNotNull();
        timers.advance(Duration.ofSeconds(2));
        CountDownLatch answer = new CountDownLatch(1);
        gitLab.behave(token -> {
            answer.await();
            return ScriptedSource.INFO;
        });
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<AgentInfo>> hanging = new ArrayList<>();
            for (int agent = 0; agent < 4; agent++) {
                AgentToken token = AgentToken.ofAgentk("hanging-" + agent);
                hanging.add(threads.submit(() -> lookup.identify(token, log.log())));
            }
            await().until(() -> gitLab.asked() == 5);
            timers.advance(Duration.ofSeconds(5));
            for (int agent = 0; agent < 40; agent++) {
                AgentToken token = AgentToken.ofAgentk("agent-" + agent);
                assertThat(catchThrowableOfType(StatusException.class, () -> lookup.identify(token, log.log()))).isNotNull();
            }
            assertThat(gitLab.asked()).isEqualTo(5);
            answer.countDown();
            for (Future<AgentInfo> one : hanging) {
                assertThat(one.get()).isEqualTo(ScriptedSource.INFO);
            }
        }
        assertThat(lookup.identify(AgentToken.ofAgentk("agent-1"), log.log())).isEqualTo(ScriptedSource.INFO);
    }

    @Test
    @DisplayName("calls that were under way when GitLab went away make few lines")
    void callsUnderWay() throws Exception {
        CountDownLatch answer = new CountDownLatch(1);
        gitLab.behave(token -> {
            answer.await();
            throw GitLabException.status(502, "/p", "");
        });
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int agent = 0; agent < AGENTS; agent++) {
                AgentToken token = AgentToken.ofAgentk("agent-" + agent);
                threads.submit(() -> lookup.identify(token, log.log()));
            }
            await().until(() -> gitLab.asked() == AGENTS);
            answer.countDown();
        }
        assertThat(log.lines()).hasSizeBetween(1, 5);
    }

    private void everyAgentRetries() {
        for (int agent = 0; agent < AGENTS; agent++) {
            retryLater(AgentToken.ofAgentk("agent-" + agent));
        }
    }

    private void retryLater(AgentToken token) {
        timers.after(Duration.ofMillis(20 + random.nextInt(81)), () -> {
            int lines = log.lines().size();
            try {
                lookup.identify(token, log.log().with("grpc_service", "s"));
                connected++;
            } catch (StatusException e) {
                assertThat(AgentLookup.retriable(e.getStatus())).isTrue();
                retryLater(token);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            for (int line = lines; line < log.lines().size(); line++) {
                lineMillis.add(timers.nanos() / 1_000_000);
            }
        });
    }

    private static int busiestSecond(List<Long> millis) {
        int most = 0;
        for (long begin : millis) {
            most = Math.max(most, (int) millis.stream().filter(one -> one >= begin && one < begin + 1000).count());
        }
        return most;
    }
}
