package org.openkas.routing;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.stub.BlockingClientCall;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.openkas.common.AgentType;
import org.openkas.demo.ClusterAddress;
import org.openkas.demo.DemoAgent;
import org.openkas.demo.DemoCluster;
import org.openkas.demo.DemoEntry;
import org.openkas.proto.agentconfiguration.ConfigurationResponse;
import org.openkas.proto.grpctool.HttpRequest;
import org.openkas.proto.grpctool.HttpResponse;
import org.openkas.proto.kubernetesapi.HeaderExtra;
import org.openkas.proto.kubernetesapi.ImpersonationConfig;
import org.openkas.proto.kubernetesapi.KubernetesApiGrpc;
import org.openkas.proto.prototool.Values;

/** Requests through the demo agent's tunnels to the demo cluster. */
@Timeout(60)
class DemoAgentTunnelsTest {
    private final TunnelBench bench = new TunnelBench();
    private final List<AutoCloseable> opened = new ArrayList<>(List.of(bench));
    private Channel channel;

    @BeforeEach
    void connect() throws Exception {
        DemoCluster cluster = DemoCluster.start(bench.threads.timers(), new Random(1));
        opened.add(cluster);
        agent(7, ClusterAddress.plain(cluster.uri()));
        channel = bench.channels.to(AgentType.AGENTK, 7);
    }

    private void agent(int id, ClusterAddress cluster) {
        DemoEntry entry = new DemoEntry.KasPort(new InetSocketAddress("127.0.0.1", bench.server.bound().port()), "test");
        DemoAgent agent = new DemoAgent(entry, "token-" + id, "v1", cluster, bench.threads.timers(), new Random(2), new DemoAgent.Story() {
            @Override
            public void registered(String podName) {
                // not served here
            }

            @Override
            public void configured(ConfigurationResponse configuration) {
                // not served here
            }

            @Override
            public void failed(String what, Status status) {
                // not served here
            }
        });
        opened.add(agent);
        agent.start();
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable resource : opened.reversed()) {
            resource.close();
        }
    }

    private static HttpRequest header(String method, String path, boolean body, String... headers) {
        var request = org.openkas.proto.prototool.HttpRequest.newBuilder().setMethod(method).setUrlPath(path);
        for (int i = 0; i < headers.length; i += 2) {
            request.putHeader(headers[i], Values.newBuilder().addValue(headers[i + 1]).build());
        }
        HeaderExtra extra = HeaderExtra.newBuilder().setImpConfig(ImpersonationConfig.newBuilder().setUsername("ann").addGroups("staff"))
                .build();
        return HttpRequest.newBuilder()
                .setHeader(HttpRequest.Header.newBuilder().setRequest(request).setContentLength(body ? -1 : 0).setExtra(Any.pack(extra)))
                .build();
    }

    private static final HttpRequest TRAILER = HttpRequest.newBuilder().setTrailer(HttpRequest.Trailer.getDefaultInstance()).build();

    private BlockingClientCall<HttpRequest, HttpResponse> call(HttpRequest... requests) throws Exception {
        BlockingClientCall<HttpRequest, HttpResponse> call = KubernetesApiGrpc.newBlockingV2Stub(channel).makeRequest();
        for (HttpRequest request : requests) {
            call.write(request);
        }
        return call;
    }

    private static String body(BlockingClientCall<HttpRequest, HttpResponse> call, int status) throws Exception {
        assertThat(call.read().getHeader().getResponse().getStatusCode()).isEqualTo(status);
        StringBuilder body = new StringBuilder();
        HttpResponse next = call.read();
        for (; next.hasData(); next = call.read()) {
            body.append(next.getData().getData().toStringUtf8());
        }
        assertThat(next.hasTrailer()).isTrue();
        assertThat(call.read()).isNull();
        return body.toString();
    }

    @Test
    void theClusterSeesAsWhomTheServerWantsToBeSeen() throws Exception {
        var call = call(header("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", true, "Content-Type", "application/json"),
                HttpRequest.newBuilder().setData(HttpRequest.Data.newBuilder().setData(com.google.protobuf.ByteString.copyFromUtf8("{}")))
                        .build(),
                TRAILER);
        call.halfClose();
        assertThat(body(call, 201)).contains("\"username\":\"ann\"").contains("\"staff\"");
    }

    @Test
    void nestedImpersonationIsRefused() throws Exception {
        var call = call(header("GET", "/version", false, "Impersonate-User", "root"), TRAILER);
        call.halfClose();
        assertThat(org.junit.jupiter.api.Assertions.assertThrows(StatusException.class, call::read)).hasMessage(
                "UNAVAILABLE: gRPC -> HTTP: nested impersonation is not supported - agent is already configured to impersonate an identity");
    }

    @Test
    void anUnreachableClusterIsTold() throws Exception {
        agent(8, ClusterAddress.plain(URI.create("http://127.0.0.1:1")));
        channel = bench.channels.to(AgentType.AGENTK, 8);
        var call = call(header("GET", "/version", false), TRAILER);
        assertThat(org.junit.jupiter.api.Assertions.assertThrows(StatusException.class, call::read)).hasMessageStartingWith(
                "UNAVAILABLE: gRPC -> HTTP: ");
    }

    @Test
    void manyRequestsAtOnceOpenMoreTunnels() throws Exception {
        List<BlockingClientCall<HttpRequest, HttpResponse>> calls = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            // watches: each keeps its tunnel
            var request = header("GET", "/api/v1/pods", false).toBuilder();
            request.getHeaderBuilder().getRequestBuilder().putQuery("watch", Values.newBuilder().addValue("1").build());
            calls.add(call(request.build(), TRAILER));
        }
        for (var call : calls) {
            assertThat(call.read().getHeader().getResponse().getStatusCode()).isEqualTo(200);
            assertThat(call.read().getData().getData().toStringUtf8()).contains("ADDED");
        }
        calls.forEach(call -> call.cancel("enough", null));
    }

    @Test
    void anUpgradedConnectionPassesBytesBothWays() throws Exception {
        var request = header("GET", "/api/v1/namespaces/default/pods/clock/exec", false, "Upgrade", "websocket", "Connection", "Upgrade",
                "Sec-Websocket-Key", "dGhlIHNhbXBsZSBub25jZQ==", "Sec-Websocket-Protocol", "v5.channel.k8s.io").toBuilder();
        request.getHeaderBuilder().getRequestBuilder().putQuery("command", Values.newBuilder().addValue("echo").addValue("hi").build())
                .putQuery("stdout", Values.newBuilder().addValue("true").build());
        var call = call(request.build(), TRAILER);
        var response = call.read().getHeader().getResponse();
        assertThat(response.getStatusCode()).isEqualTo(101);
        assertThat(response.getHeaderOrThrow("Upgrade").getValue(0)).isEqualTo("websocket");
        assertThat(call.read().hasTrailer()).isTrue();
        assertThat(call.read().getUpgradeData().getData().toStringUtf8()).contains("hi\n");
        call.halfClose();
        HttpResponse last = call.read();
        while (last != null) {
            last = call.read();
        }
    }
}
