package org.openkas.routing;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Metadata;
import io.grpc.Status;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.openkas.common.AgentType;
import org.openkas.reversetunnel.AgentKey;
import org.openkas.reversetunnel.TunnelRegistry;
import org.openkas.testkit.FakeTimers;
import org.openkas.testkit.RecordedLog;

/** When a search ends. */
class TunnelSearchTest {
    private final FakeTimers timers = new FakeTimers();
    private final RecordedLog log = new RecordedLog();
    private final TunnelRegistry registry = new TunnelRegistry(log.log());
    private final List<Status> failures = new ArrayList<>();

    private TunnelSearch search(Duration lookedFor) {
        Surroundings surroundings = new Surroundings(registry, Optional.empty(),
                new RoutingMetrics(new PrometheusRegistry()), timers, Runnable::run, log.log());
        return new TunnelSearch(surroundings, timers.nanos() - lookedFor.toNanos(), new Wanted(new AgentKey(AgentType.AGENTK, 7), "a.One", "Do", new Metadata(), Optional.empty(),
                Optional.empty()), _ -> {
        }, failures::add);
    }

    @Test
    @DisplayName("A search that is aborted before it begins leaves no request that waits")
    void abortedFirst() {
        TunnelSearch search = search(Duration.ZERO);
        search.abort();
        search.begin();
        assertThat(registry.waiting()).isZero();
        assertThat(timers.pending()).isZero();
        assertThat(failures).isEmpty();
    }

    @Test
    @DisplayName("The 20 s count from the beginning of the call, though an earlier search found a tunnel that had ended")
    void limitOfAll() {
        search(Duration.ofSeconds(15)).begin();
        timers.advance(Duration.ofMillis(4_999));
        assertThat(failures).isEmpty();
        timers.advance(Duration.ofMillis(1));
        assertThat(failures).singleElement().satisfies(status -> assertThat(status.getCode()).isEqualTo(Status.Code.DEADLINE_EXCEEDED));
        assertThat(registry.waiting()).isZero();
    }
}
