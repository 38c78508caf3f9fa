package org.openkas.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.openkas.common.AgentToken;
import org.openkas.common.AgentType;
import org.openkas.observability.LimiterMetrics;
import org.openkas.testkit.FakeTimers;

class MeasuredTokenLimiterTest {
    private static final AgentToken TOKEN = new AgentToken(AgentType.AGENTK, "token");

    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final FakeTimers timers = new FakeTimers();
    private CompletableFuture<Boolean> decision = new CompletableFuture<>();
    private final MeasuredTokenLimiter limiter = new MeasuredTokenLimiter(token -> decision, new LimiterMetrics(registry), timers);

    @Test
    @DisplayName("AG-17: limiter_block_duration_milliseconds tells of agents' calls how long they waited and what was decided")
    void measures() {
        CompletableFuture<Boolean> waiting = limiter.allow(TOKEN).toCompletableFuture();
        assertThat(entries()).isEmpty();
        timers.advance(Duration.ofMillis(20));
        decision.complete(true);
        assertThat(waiting).isCompletedWithValue(true);
        decision = CompletableFuture.completedFuture(false);
        // an answer that is there already is passed on at once
        assertThat(limiter.allow(TOKEN).toCompletableFuture()).isCompletedWithValue(false);
        assertThat(entries()).containsExactlyInAnyOrder("true agent_connection 1 20.0", "false agent_connection 1 0.0");
    }

    private List<String> entries() {
        return registry.scrape(name -> name.equals("limiter_block_duration_milliseconds")).stream().map(HistogramSnapshot.class::cast)
                .flatMap(snapshot -> snapshot.getDataPoints().stream())
                .map(point -> point.getLabels().get("allowed") + " " + point.getLabels().get("limiter_name") + " " + point.getCount() + " "
                        + point.getSum())
                .toList();
    }
}
