package org.openkas.telemetry;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.openkas.common.LogField;
import org.openkas.config.SentryDsn;
import org.openkas.gitlab.EnvironmentProxies;
import org.openkas.gitlab.TrustedCertificates;
import org.openkas.testkit.FakeSentry;
import org.openkas.testkit.RecordedLog;

@Timeout(60)
class SentrySenderTest {
    private final AtomicReference<Instant> now = new AtomicReference<>(Instant.parse("2026-01-01T00:00:00Z"));
    private final RecordedLog log = new RecordedLog();

    private SentrySender sender(FakeSentry sentry) throws Exception {
        return new SentrySender(SentryDsn.parse(sentry.dsn("key")), new SentryEvent.Source("v1", "", "host", "openkas"),
                TrustedCertificates.ofHost(Map.of()), EnvironmentProxies.of(Map.of()), now::get, log.log());
    }

    private SentryEvent event(String error) {
        return SentryEvent.of(now.get(), "m", List.of(new LogField("error", error))).orElseThrow();
    }

    @Test
    @DisplayName("while Sentry does not answer, a hundred events wait and further ones are dropped; the rest is sent at the end")
    void bounded() throws Exception {
        try (FakeSentry sentry = new FakeSentry()) {
            sentry.hold();
            try (SentrySender sender = sender(sentry)) {
                sender.offer(event("first"));
                await().atMost(20, SECONDS).until(() -> sentry.envelopes().size() == 1);
                for (int i = 0; i < 10_000; i++) {
                    sender.offer(event("e" + i));
                }
                sentry.goOn();
            }
            assertThat(sentry.envelopes()).as("one under way and a hundred waiting").hasSize(101);
            assertThat(log.lines("Errors did not reach Sentry")).singleElement()
                    .satisfies(line -> assertThat(line.fields()).containsEntry("dropped", 9_900L).containsKey("remedy"));
        }
    }

    @Test
    @DisplayName("a Sentry that asks for fewer events gets none for the time that it wants")
    void tooMany() throws Exception {
        try (FakeSentry sentry = new FakeSentry(); SentrySender sender = sender(sentry)) {
            sentry.answer(429);
            sender.offer(event("first"));
            await().atMost(20, SECONDS).until(() -> !log.lines().isEmpty());
            sentry.answer(200);
            now.updateAndGet(time -> time.plusSeconds(59));
            sender.offer(event("too early"));
            sender.offer(event("too early"));
            await().during(2, SECONDS).atMost(20, SECONDS).until(() -> sentry.envelopes().size() == 1);
            now.updateAndGet(time -> time.plusSeconds(2));
            sender.offer(event("again"));
            await().atMost(20, SECONDS).until(() -> sentry.envelopes().size() == 2);
            assertThat(sentry.envelopes().get(1).event().path("exception").get(0).path("value").asText()).isEqualTo("m: again");
        }
    }

    @Test
    @DisplayName("the random port of our end does not tell events apart")
    void ports() {
        assertThat(event("read tcp 10.0.0.1:54321->10.0.0.2:443: connection reset").value())
                .isEqualTo("m: read tcp 10.0.0.1:x->10.0.0.2:443: connection reset");
        assertThat(event("read tcp [::1]:54321->[::1]:443: x").value()).isEqualTo("m: read tcp [::1]:x->[::1]:443: x");
        assertThat(event("dial tcp 10.0.0.2:443: connection refused").value()).isEqualTo("m: dial tcp 10.0.0.2:443: connection refused");
    }
}
