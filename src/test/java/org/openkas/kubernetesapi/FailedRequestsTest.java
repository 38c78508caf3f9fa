package org.openkas.kubernetesapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.openkas.kubernetesapi.RunningProxy.TOKEN;
import static org.openkas.kubernetesapi.RunningProxy.setup;

import io.grpc.Status;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.openkas.common.AgentType;
import org.openkas.common.LogLevel;
import org.openkas.proto.grpctool.HttpResponse;
import org.openkas.reversetunnel.TunnelRegistry;
import org.openkas.routing.RoutingMetrics;
import org.openkas.routing.TunnelChannels;
import org.openkas.testkit.FakeTimers;
import org.openkas.testkit.KubernetesAgent;
import org.openkas.testkit.RawPeer;
import org.openkas.testkit.RecordedLog;

class FailedRequestsTest {
    private final FakeTimers timers = new FakeTimers();
    private final RecordedLog log = new RecordedLog();
    private final TunnelRegistry tunnels = new TunnelRegistry(log.log());
    private final TunnelChannels nobody = new TunnelChannels(tunnels, Optional.empty(), new RoutingMetrics(new PrometheusRegistry()), timers,
            Runnable::run, log.log());

    @ParameterizedTest
    @CsvSource({"0,failed to read gRPC response", "3,failed to read gRPC response", "131072,failed to read gRPC response",
            "1000000,failed to send request data"})
    @DisplayName("KP-44: without its agent a request misses the answer; one with a large body cannot be sent")
    void withoutAgent(int length, String what) throws Exception {
        try (RunningProxy proxy = setup().agents(id -> nobody.to(AgentType.AGENTK, id)).start(); RawPeer peer = proxy.peer()) {
            peer.send("POST / HTTP/1.1\r\n" + TOKEN + "Content-Length: " + length + "\r\n\r\n" + "a".repeat(Math.min(length, 1000)));
            await().until(() -> tunnels.waiting() == 1);
            timers.advance(Duration.ofSeconds(20));
            assertThat(RunningProxy.answer(peer, false).body()).contains("\"message\":\"GitLab Agent Server: HTTP-\\u003egRPC: " + what
                    + ": rpc error: code = DeadlineExceeded desc = Agent connection not found. Is agent up to date and connected?\",\"code\":502");
        }
    }

    @Test
    @DisplayName("KP-46, chapter 03 §17.3: an agent that breaks off leaves a line that says how, as Go prints a status")
    void brokenOff() throws Exception {
        assertLogged("HTTP->gRPC: failed to read gRPC response", "rpc error: code = Unavailable desc = boom",
                call -> call.head(200).data("x").fail(Status.UNAVAILABLE.withDescription("boom")));
    }

    @Test
    @DisplayName("chapter 03 §12.3, §15.2: a body where none can be, or beyond its length, is a write that failed; the agent's call is cancelled")
    void unwritable() throws Exception {
        String what = "HTTP->gRPC: failed to write HTTP response";
        assertLogged(what, "http: wrote more than the declared Content-Length", call -> call.head(200, "Content-Length", "1").data("xx"));
        assertLogged(what, "http: request method or response status code does not allow body", call -> call.head(204).data("x"));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 99, 1000, -1})
    @DisplayName("chapter 03 §12.3: with a status that cannot be written the connection is aborted, and the agent's call is cancelled")
    void impossibleStatus(int status) throws Exception {
        try (RunningProxy proxy = setup().start(); RawPeer peer = proxy.peer()) {
            proxy.agent.atEnd(call -> call.head(status));
            peer.send("GET / HTTP/1.1\r\n" + TOKEN + "\r\n");
            assertThat(peer.readText(1)).isEmpty();
            KubernetesAgent.Call call = proxy.agent.next();
            await().until(() -> call.cancelled.get() == 1);
        }
    }

    @Test
    @DisplayName("chapter 03 §11.6: a header without its response is named as the reference names it")
    void headerWithoutResponse() throws Exception {
        try (RunningProxy proxy = setup().start()) {
            proxy.agent.atEnd(call -> call.send(HttpResponse.newBuilder().setHeader(HttpResponse.Header.getDefaultInstance()).build()));
            assertThat(proxy.get("/").body()).contains("code = InvalidArgument desc = invalid server response: invalid HttpResponse.Header:"
                    + " embedded message failed validation | caused by: invalid HttpResponse_Header.Response: value is required");
        }
    }

    private static void assertLogged(String message, String error, Consumer<KubernetesAgent.Call> script) throws Exception {
        try (RunningProxy proxy = setup().start(); RawPeer peer = proxy.peer()) {
            proxy.agent.atEnd(script);
            peer.send("GET / HTTP/1.1\r\n" + TOKEN + "\r\n");
            peer.readHead();
            peer.readText(100);
            await().until(() -> !proxy.log.lines(message).isEmpty());
            assertThat(proxy.log.lines(message)).singleElement().satisfies(line -> {
                assertThat(line.level()).isEqualTo(LogLevel.DEBUG);
                assertThat(line.fields()).containsEntry("error", error);
            });
            KubernetesAgent.Call call = proxy.agent.next();
            if (message.endsWith("write HTTP response")) {
                await().until(() -> call.cancelled.get() == 1);
            }
        }
    }
}
