package org.openkas.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.openkas.testkit.FakeCollector;
import org.openkas.testkit.KubernetesAgent;
import org.openkas.testkit.RawPeer;

/** A request to a cluster whose agent is connected to another server is one trace on both of them (chapter 04 §5.8, chapter 05 §14). */
@Timeout(60)
class SeveralServersTracesTest {
    private static final String REQUEST = "GET /a HTTP/1.1\r\nHost: x\r\n" + TwoServers.BEARER + "\r\n\r\n";
    private static final int SERVER = 2;
    private static final int CLIENT = 3;

    @TempDir
    Path directory;

    private static FakeCollector.Span span(List<FakeCollector.Span> spans, int kind, String parent) {
        return spans.stream().filter(each -> each.kind() == kind && each.parent().equals(parent)).findFirst().orElseThrow();
    }

    @Test
    @DisplayName("client, search, call of the other server and its answer are one trace, also for a request that came before its agent")
    void oneTrace() throws Exception {
        KubernetesAgent cluster = new KubernetesAgent().atEnd(call -> call.answer(200, "", "Content-Length", "0"));
        try (FakeCollector collector = new FakeCollector()) {
            try (TwoServers servers = new TwoServers(directory, "grpc", "", Map.of(),
                    ", tracing: {otlp_endpoint: '" + collector.address() + "'}");
                    RawPeer client = RawPeer.plain(servers.clients())) {
                client.send(REQUEST);
                servers.agent(cluster.bindService());
                assertThat(client.readHead()).startsWith("HTTP/1.1 200");
                client.send(REQUEST);
                assertThat(client.readHead()).startsWith("HTTP/1.1 200");
            }
            List<FakeCollector.Span> requests = collector.spans("k8s-proxy");
            assertThat(requests).hasSize(2);
            List<FakeCollector.Span> calls = collector.spans("gitlab.agent.kubernetes_api.rpc.KubernetesApi/MakeRequest");
            assertThat(requests).allSatisfy(request -> {
                FakeCollector.Span toAgent = span(calls, CLIENT, request.id());
                FakeCollector.Span toServer = span(calls, CLIENT, toAgent.id());
                FakeCollector.Span there = span(calls, SERVER, toServer.id());
                assertThat(toAgent.scope()).isEqualTo("tunnel-router");
                assertThat(there.attributes()).containsEntry("agent_id", 3L).containsEntry("rpc.grpc.status_code", 0L);
                assertThat(List.of(toAgent, toServer, there)).extracting(FakeCollector.Span::trace).containsOnly(request.trace());
            });
            assertThat(calls).hasSize(6);
        }
    }
}
