package org.openkas.routing;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.BytesValue;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptors;
import io.grpc.Metadata;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.openkas.common.AgentType;
import org.openkas.reversetunnel.TunnelRegistry;
import org.openkas.testkit.AgentServices;
import org.openkas.testkit.FakeTimers;
import org.openkas.testkit.RecordedLog;
import org.openkas.testkit.RecordedSpans;
import org.openkas.tracing.Span;
import org.openkas.tracing.SpanStart;
import org.openkas.tracing.Traced;

/** Spans of searches that find nothing; those that find something are in the test of the whole server (chapter 04 §5.8). */
class TunnelTracesTest {
    private static final String SEARCH = "router.findReadyTunnel";

    private final FakeTimers timers = new FakeTimers();
    private final RecordedLog log = new RecordedLog();
    private final RecordedSpans spans = new RecordedSpans();
    private final Span request = spans.begin(SpanStart.of("test", SpanStart.Kind.SERVER, "request"));

    private ClientCall<BytesValue, BytesValue> call() throws Exception {
        TunnelChannels channels = new TunnelChannels(new TunnelRegistry(log.log()), Optional.empty(), new RoutingMetrics(new PrometheusRegistry()),
                timers,
                Runnable::run, log.log());
        ClientCall<BytesValue, BytesValue> call = new Traced(request, "").in(io.grpc.Context.ROOT).call(() -> ClientInterceptors
                .intercept(channels.to(AgentType.AGENTK, 7), new TunnelTraces(spans)).newCall(AgentServices.ECHO, CallOptions.DEFAULT));
        call.start(new ClientCall.Listener<>() {
        }, new Metadata());
        return call;
    }

    private RecordedSpans.Recorded search() {
        RecordedSpans.Recorded search = spans.span(SEARCH);
        RecordedSpans.Recorded call = spans.parent(search).orElseThrow();
        assertThat(call.start.name()).isEqualTo(AgentServices.ECHO.getFullMethodName());
        assertThat(spans.parent(call)).isEqualTo(Optional.of(request));
        assertThat(search.ends).isEqualTo(1);
        assertThat(call.ends).isEqualTo(1);
        assertThat(call.events).isEmpty();
        return search;
    }

    @Test
    @DisplayName("a search without result times out, and its line names the trace")
    void timedOut() throws Exception {
        call();
        timers.advance(Duration.ofSeconds(20));
        assertThat(search().status).isEqualTo("failed: Timed out");
        assertThat(log.lines("Agent connection not found")).singleElement()
                .satisfies(line -> assertThat(line.fields().get("trace_id")).hasToString(request.context().traceId()));
    }

    @Test
    @DisplayName("a search whose client leaves is aborted")
    void aborted() throws Exception {
        call().cancel("gone", null);
        assertThat(search().status).isEqualTo("failed: Aborted");
        assertThat(spans.span(AgentServices.ECHO.getFullMethodName()).attributes).containsEntry("rpc.grpc.status_code", 1L);
    }
}
