package org.openkas.gitlab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.ByteString;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.openkas.cluster.ErrorCache;
import org.openkas.cluster.MemoryErrorCache;
import org.openkas.testkit.FakeTimers;

/** What {@link CachedAgentInfoSourceTest} and {@link GitLabOutageTest} leave out. */
class CachedLookupTest {
    private static final Duration OK = Duration.ofMinutes(1);
    private static final Duration STALE = Duration.ofMinutes(5);

    private final FakeTimers timers = new FakeTimers();
    private final MemoryErrorCache errors = new MemoryErrorCache(timers);
    private final List<String> asked = new ArrayList<>();
    private final List<GitLabException> unseen = new CopyOnWriteArrayList<>();
    private final List<Runnable> background = new ArrayList<>();
    private final AtomicReference<CachedLookup.Source<String, String>> gitLab = new AtomicReference<>((key, occasion) -> "yes");
    private final CachedLookup<String, String> lookup = new CachedLookup<>((key, occasion) -> {
        asked.add(key + (occasion.known() ? " again" : ""));
        return gitLab.get().ask(key, occasion);
    }, new CachedLookup.Refusals<>(errors, ErrorCache.Lookup.ALLOWED_AGENTS, ByteString::copyFromUtf8),
            new CachedLookup.Lifetimes(OK, Duration.ofSeconds(10), STALE), timers, background::add, unseen::add);

    private void fail(GitLabException failure) {
        gitLab.set((key, occasion) -> {
            throw failure;
        });
    }

    private void late() {
        gitLab.set((key, occasion) -> {
            throw GitLabException.late("context deadline exceeded", "wait", null);
        });
    }

    private GitLabException failure(String key) {
        return catchThrowableOfType(GitLabException.class, () -> lookup.find(key));
    }

    private void runBackground() {
        List<Runnable> tasks = List.copyOf(background);
        background.clear();
        tasks.forEach(Runnable::run);
    }

    @Test
    void theSourceIsToldWhetherTheKeyHasBeenGoodBefore() throws Exception {
        lookup.find("a");
        timers.advance(OK);
        lookup.find("a");
        lookup.find("b");
        timers.advance(OK);
        fail(GitLabException.status(401, "/p", ""));
        failure("b");
        timers.advance(Duration.ofSeconds(10));
        failure("b");
        assertThat(asked).containsExactly("a", "a again", "b", "b again", "b");
    }

    @Test
    void whatIsRememberedIsToldWithoutAsking() throws Exception {
        assertThat(lookup.remembered("a")).isEmpty();
        lookup.find("a");
        assertThat(lookup.remembered("a")).contains("yes");
        timers.advance(OK);
        assertThat(lookup.remembered("a")).isEmpty();
        assertThat(asked).hasSize(1);
    }

    @Test
    @DisplayName("a slow GitLab: who is known goes on from an expired answer, and it is asked in the background")
    void slowForKnownKeys() throws Exception {
        lookup.find("a");
        timers.advance(OK);
        late();
        assertThat(failure("stranger").late()).isTrue();
        assertThat(lookup.find("a")).isEqualTo("yes");
        assertThat(lookup.find("a")).isEqualTo("yes");
        assertThat(asked).containsExactly("a", "stranger");
        runBackground();
        assertThat(asked).containsExactly("a", "stranger", "a again", "a again");
        assertThat(unseen).as("failures that nobody saw").hasSize(2);

        gitLab.set((key, occasion) -> "still yes");
        timers.advance(Duration.ofSeconds(1));
        assertThat(lookup.find("a")).isEqualTo("yes");
        runBackground();
        assertThat(lookup.find("a")).isEqualTo("still yes");
    }

    @Test
    @DisplayName("a slow GitLab: who is not known asks, and it is over with the first answer")
    void slowForStrangers() throws Exception {
        late();
        for (int i = 0; i < 10; i++) {
            assertThat(failure("stranger-" + i).late()).isTrue();
        }
        assertThat(asked).as("waiting may help: nobody is turned away").hasSize(10);
        assertThat(failure("stranger-1").late()).isTrue();
        assertThat(asked).as("nor is it held against the key").hasSize(11);
        gitLab.set((key, occasion) -> "yes");
        assertThat(lookup.find("a")).isEqualTo("yes");
        timers.advance(OK);
        assertThat(lookup.find("a")).isEqualTo("yes");
        assertThat(asked).as("asked, since GitLab is not slow any more").endsWith("a", "a again");
    }

    @Test
    @DisplayName("GitLab counts as slow for half a minute: an expired answer does not serve on an old suspicion")
    void slownessIsForgotten() throws Exception {
        lookup.find("a");
        timers.advance(OK);
        late();
        failure("stranger");
        fail(GitLabException.status(401, "/p", ""));
        timers.advance(Duration.ofSeconds(30));
        assertThat(failure("a").statusCode()).isEqualTo(401);
    }

    @Test
    @DisplayName("an answer that makes no sense for one key ends an outage for all")
    void nonsenseEndsAnOutage() throws Exception {
        fail(GitLabException.status(502, "/p", ""));
        failure("a");
        fail(GitLabException.unusable("ValidateAll: nonsense", ""));
        failure("b");
        gitLab.set((key, occasion) -> "yes");
        for (int i = 0; i < 10; i++) {
            assertThat(lookup.find("c" + i)).isEqualTo("yes");
        }
    }

    @Test
    @DisplayName("any answer shows that GitLab is not slow, also a refusal")
    void refusalsAreAnswers() throws Exception {
        lookup.find("a");
        timers.advance(OK);
        late();
        failure("stranger");
        fail(GitLabException.status(403, "/p", ""));
        assertThat(failure("other").statusCode()).isEqualTo(403);
        assertThat(failure("a").statusCode()).isEqualTo(403);
    }

    @Test
    @DisplayName("of many who waited in vain a few make a line")
    void fewLines() {
        late();
        int lines = 0;
        for (int i = 0; i < 50; i++) {
            lines += failure("stranger-" + i).firstReport() ? 1 : 0;
        }
        assertThat(lines).isBetween(1, 5);
    }

    @Test
    @DisplayName("answers that are of no use to this server end the service of an older one only if GitLab said so")
    void whatEndsAnExpiredAnswer() throws Exception {
        lookup.find("a");
        timers.advance(OK);
        fail(GitLabException.unusable("ValidateAll: nonsense", ""));
        assertThat(lookup.find("a")).as("an answer that cannot be read").isEqualTo("yes");
        timers.advance(Duration.ofSeconds(1));
        fail(GitLabException.status(400, "/p", ""));
        assertThat(failure("a").statusCode()).as("an answer that is no").isEqualTo(400);
        timers.advance(Duration.ofSeconds(1));
        fail(GitLabException.unreachable("refused", "", null));
        assertThat(failure("a")).hasMessage("refused");
    }

    @Test
    @DisplayName("a refusal that another server remembers ends the service of an expired answer, and needs no question")
    void refusalsOfOthers() throws Exception {
        lookup.find("a");
        timers.advance(OK);
        fail(GitLabException.status(404, "/p", "gone"));
        failure("a");
        GitLabException second = failure("a");
        assertThat(second).hasMessage("HTTP status code: 404 for path /p with reason gone");
        assertThat(second.firstReport()).as("something to report").isFalse();
        assertThat(asked).hasSize(2);
    }

    @Test
    @DisplayName("strangers who are refused leave nothing behind that could push out those who are known")
    void refusedKeys() throws Exception {
        lookup.find("known");
        fail(GitLabException.status(401, "/p", ""));
        int refused = 0;
        for (int i = 0; i < 150_000; i++) {
            try {
                lookup.find("stranger-" + i);
            } catch (GitLabException e) {
                refused++;
            }
        }
        assertThat(refused).isEqualTo(150_000);
        assertThat(lookup.remembered("known")).contains("yes");
    }
}
