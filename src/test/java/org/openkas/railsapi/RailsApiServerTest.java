package org.openkas.railsapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.protobuf.ByteString;
import io.grpc.BindableService;
import io.grpc.CallOptions;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.io.File;
import java.nio.file.Path;
import java.time.Duration;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.openkas.common.AgentType;
import org.openkas.common.LogLevel;
import org.openkas.net.ListenException;
import org.openkas.net.Network;
import org.openkas.net.Security;
import org.openkas.proto.agenttracker.AgentTrackerGrpc;
import org.openkas.proto.agenttracker.GetConnectedAgentsRequest;
import org.openkas.proto.configurationproject.AgentConfigFile;
import org.openkas.proto.configurationproject.ConfigurationProjectGrpc;
import org.openkas.proto.configurationproject.ListAgentConfigFilesRequest;
import org.openkas.proto.configurationproject.ListAgentConfigFilesResponse;
import org.openkas.proto.entity.GitalyInfo;
import org.openkas.proto.entity.GitalyRepository;
import org.openkas.testkit.Agents;
import org.openkas.testkit.Bytes;
import org.openkas.testkit.RailsTokens;

@Timeout(60)
class RailsApiServerTest {
    private static final String CERTIFICATES = "src/test/resources/testkit/";
    private static final String CONNECTED = "gitlab.agent.agent_tracker.rpc.AgentTracker/GetConnectedAgents";

    private static final MethodDescriptor<ListAgentConfigFilesRequest, ListAgentConfigFilesResponse> CONNECTED_WITH_ANYTHING = ConfigurationProjectGrpc
            .getListAgentConfigFilesMethod().toBuilder().setFullMethodName(CONNECTED).build();

    private final RailsApiServers servers = new RailsApiServers();

    @AfterEach
    void stop() {
        servers.close();
    }

    private int connections(ManagedChannel channel, CallOptions options) {
        return ClientCalls
                .blockingUnaryCall(ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(servers.token())),
                        AgentTrackerGrpc.getGetConnectedAgentsMethod(), options,
                        GetConnectedAgentsRequest.newBuilder().setProjectId(7).build())
                .getAgentsCount();
    }

    private int connections(ManagedChannel channel) {
        return connections(channel, CallOptions.DEFAULT);
    }

    @Test
    @DisplayName("the listener says where it is, and an address can be had once only")
    void endpoint() throws Exception {
        RailsApiServer server = servers.start();
        String address = server.bound().address();
        assertThat(servers.log.lines("API endpoint is up")).singleElement().satisfies(line -> {
            assertThat(line.level()).isEqualTo(LogLevel.INFO);
            assertThat(line.fields()).containsEntry("net_network", "tcp").containsEntry("net_address", address).hasSize(2);
        });
        assertThatThrownBy(() -> servers.start(Network.TCP, address, new Security.Plain())).isInstanceOf(ListenException.class)
                .hasMessage("listen tcp " + address + ": bind: address already in use");
    }

    @Test
    @DisplayName("RA-44 over TLS calls work, a cleartext client is turned away")
    void tls() throws Exception {
        servers.tracker.register(AgentType.AGENTK, Agents.connection(7, 5, 1), true);
        Security security = Security.of(CERTIFICATES + "server.pem", CERTIFICATES + "server.key", Security.ALPN_GRPC);
        RailsApiServer server = servers.start(Network.TCP, "127.0.0.1:0", security);
        ManagedChannel trusting = servers.open(servers.channelTo(server).useTransportSecurity()
                .sslContext(GrpcSslContexts.forClient().trustManager(new File(CERTIFICATES + "ca.pem")).build())
                .overrideAuthority("localhost"));
        assertThat(connections(trusting)).isEqualTo(1);
        assertThatThrownBy(() -> connections(servers.open(servers.channelTo(server)))).isInstanceOf(StatusRuntimeException.class)
                .hasMessageStartingWith("UNAVAILABLE");
    }

    @Test
    @DisplayName("RA-45 calls over a unix socket; its file goes with the listener")
    void unix(@TempDir Path directory) throws Exception {
        assumeTrue(servers.threads.loops().epoll(), "the test's client needs epoll for unix sockets");
        servers.tracker.register(AgentType.AGENTK, Agents.connection(7, 5, 1), true);
        Path socket = directory.resolve("api.sock");
        RailsApiServer server = servers.start(Network.UNIX, socket.toString(), new Security.Plain());
        assertThat(servers.log.lines("API endpoint is up").getFirst().fields()).containsEntry("net_network", "unix").containsEntry(
                "net_address",
                socket.toString());
        assertThat(connections(servers.open(servers.channelTo(server)))).isEqualTo(1);
        server.close();
        assertThat(socket).doesNotExist();
    }

    @Test
    @DisplayName("RA-52 a service that is not offered is told promptly, with and without a token")
    void notOffered() throws Exception {
        ManagedChannel rails = servers.open(servers.channelTo(servers.start()));
        connections(rails);
        long begin = System.nanoTime();
        assertThatThrownBy(
                () -> Bytes.call(rails, "gitlab.agent.managed_resources.rpc.Provisioner/EnsureEnvironment", new byte[10], servers.token()))
                .hasMessage("UNIMPLEMENTED: unknown service gitlab.agent.managed_resources.rpc.Provisioner");
        assertThatThrownBy(() -> Bytes.call(rails, "gitlab.agent.agent_tracker.rpc.AgentTracker/Foo", new byte[0]))
                .hasMessage("UNIMPLEMENTED: unknown method Foo for service gitlab.agent.agent_tracker.rpc.AgentTracker");
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(1));
    }

    @Test
    @DisplayName("RA-23 undecodable bytes give INTERNAL, a request above 4 MiB RESOURCE_EXHAUSTED")
    void badRequests() throws Exception {
        ManagedChannel rails = servers.open(servers.channelTo(servers.start()));
        assertThatThrownBy(() -> Bytes.call(rails, CONNECTED, ByteString.fromHex("ffffffff").toByteArray()))
                .hasMessageStartingWith("INTERNAL: grpc: error unmarshalling request: ");
        assertThatThrownBy(() -> Bytes.call(rails, CONNECTED, new byte[(4 << 20) + 1], servers.token()))
                .isInstanceOf(StatusRuntimeException.class)
                .hasMessage("RESOURCE_EXHAUSTED: grpc: received message larger than max (4194305 vs. 4194304)");
    }

    @Test
    @DisplayName("RA-53 a thousand agents of a project are told within a second")
    void thousandAgents() throws Exception {
        for (int agent = 1; agent <= 1000; agent++) {
            servers.tracker.register(AgentType.AGENTK, Agents.connection(7, agent, agent), true);
        }
        ManagedChannel rails = servers.open(servers.channelTo(servers.start()));
        long begin = System.nanoTime();
        assertThat(connections(rails, CallOptions.DEFAULT.withDeadlineAfter(2, TimeUnit.SECONDS))).isEqualTo(1000);
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(1));
    }

    @Test
    @DisplayName("RA-54 a call in progress ends normally when the server drains, later ones find nobody")
    void drain() throws Exception {
        SlowProject slow = new SlowProject();
        RailsApiServer server = servers.start(slow);
        ManagedChannel rails = servers.open(servers.channelTo(server));
        Future<Integer> call = servers.threads.executor().submit(() -> slow.list(rails));
        slow.begun.await();
        Future<?> drain = servers.threads.executor().submit(() -> {
            server.drain(Duration.ofSeconds(30));
            return null;
        });
        // the listener closes after its grace period, while the call still runs
        await().untilAsserted(() -> assertThatThrownBy(() -> connections(servers.open(servers.channelTo(server))))
                .extracting(failure -> Status.fromThrowable(failure).getCode()).isEqualTo(Status.Code.UNAVAILABLE));
        assertThat(call).isNotDone();
        assertThat(drain).isNotDone();
        slow.finish.countDown();
        assertThat(call.get()).isEqualTo(1);
        drain.get();
    }

    @Test
    @DisplayName("RA-55 a compressed request is read")
    void gzip() throws Exception {
        servers.tracker.register(AgentType.AGENTK, Agents.connection(7, 5, 1), true);
        ManagedChannel rails = servers.open(servers.channelTo(servers.start()));
        assertThat(connections(rails, CallOptions.DEFAULT.withCompression("gzip"))).isEqualTo(1);
    }

    @Test
    @DisplayName("a compressed request that is too large once unpacked")
    void gzipBomb() throws Exception {
        ManagedChannel rails = servers.open(servers.channelTo(servers.start()));
        String filler = "x".repeat(5 << 20);
        ListAgentConfigFilesRequest bomb = ListAgentConfigFilesRequest.newBuilder().setDefaultBranch(filler).build();
        assertThatThrownBy(
                () -> ClientCalls.blockingUnaryCall(rails, CONNECTED_WITH_ANYTHING, CallOptions.DEFAULT.withCompression("gzip"), bomb))
                .isInstanceOf(StatusRuntimeException.class).hasMessageStartingWith("RESOURCE_EXHAUSTED");
    }

    @Test
    @DisplayName("RA-19 CO-32 CO-34 a refused token counts, and gives a debug line and nothing above")
    void refusedToken() throws Exception {
        ManagedChannel rails = servers.open(servers.channelTo(servers.start()));
        int before = servers.log.lines().size();
        assertThatThrownBy(() -> Bytes.call(rails, CONNECTED, new byte[0], RailsTokens.authorization("bearer not.a.token")))
                .hasMessage("UNAUTHENTICATED: JWT validation failed");
        assertThat(servers.log.lines()).hasSize(before + 1).last().satisfies(line -> {
            assertThat(line.level()).isEqualTo(LogLevel.DEBUG);
            assertThat(line.message()).isEqualTo("JWT validation failed");
            assertThat(line.fields()).containsEntry("grpc_service", "gitlab.agent.agent_tracker.rpc.AgentTracker")
                    .containsEntry("grpc_method", "GetConnectedAgents").containsKey("error");
        });
        assertThat(handled("Unauthenticated")).isEqualTo(1);
        connections(rails);
        assertThat(handled("OK")).isEqualTo(1);
    }

    private double handled(String code) {
        return servers.registry.scrape(name -> name.equals("grpc_server_handled")).stream()
                .flatMap(metric -> metric.getDataPoints().stream())
                .filter(point -> code.equals(point.getLabels().get("grpc_code")))
                .mapToDouble(point -> ((CounterDataPointSnapshot) point).getValue()).sum();
    }

    @Test
    @DisplayName("a service that fails without a status is reported, and the caller gets UNKNOWN")
    void failingService() throws Exception {
        SlowProject failing = new SlowProject();
        failing.failure = Optional.of(new IllegalStateException("lost my mind"));
        ManagedChannel rails = servers.open(servers.channelTo(servers.start(failing)));
        assertThatThrownBy(() -> failing.list(rails)).hasMessageStartingWith("UNKNOWN");
        assertThat(servers.log
                .lines("Unknown gRPC error in \"/gitlab.agent.configuration_project.rpc.ConfigurationProject/ListAgentConfigFiles\""))
                .hasSize(1)
                .allSatisfy(line -> assertThat(line.level()).isEqualTo(LogLevel.ERROR));
    }

    @Test
    @DisplayName("RA-33 a list of configuration files without anything names everything that is missing")
    void nothingInTheRequest() throws Exception {
        assertThat(refusal(ListAgentConfigFilesRequest.getDefaultInstance())).startsWith("INVALID_ARGUMENT: ")
                .contains("invalid ListAgentConfigFilesRequest.Repository: value is required",
                        "invalid ListAgentConfigFilesRequest.GitalyInfo: value is required");
    }

    @Test
    @DisplayName("RA-34 a repository without its project's path is refused by the name of the field")
    void repositoryWithoutProject() throws Exception {
        GitalyRepository repository = GitalyRepository.newBuilder().setStorageName("s").setRelativePath("r").setGlRepository("g").build();
        assertThat(refusal(ListAgentConfigFilesRequest.newBuilder().setRepository(repository)
                .setGitalyInfo(GitalyInfo.newBuilder().setAddress("a")).build())).startsWith("INVALID_ARGUMENT: ")
                .contains("GlProjectPath");
    }

    /** What a caller is told who asks for configuration files so; the service itself never hears of it. */
    private String refusal(ListAgentConfigFilesRequest request) throws Exception {
        SlowProject untouched = new SlowProject();
        ManagedChannel rails = servers.open(servers.channelTo(servers.start(untouched)));
        String message = catchThrowableOfType(StatusRuntimeException.class, () -> ClientCalls.blockingUnaryCall(
                ClientInterceptors.intercept(rails, MetadataUtils.newAttachHeadersInterceptor(servers.token())),
                ConfigurationProjectGrpc.getListAgentConfigFilesMethod(), CallOptions.DEFAULT, request)).getMessage();
        assertThat(untouched.begun.getCount()).isEqualTo(1);
        return message;
    }

    /** Another room's service, with a call that lasts until the test says so. */
    private final class SlowProject implements BindableService, ConfigurationProjectGrpc.AsyncService {
        final CountDownLatch begun = new CountDownLatch(1);
        final CountDownLatch finish = new CountDownLatch(1);
        Optional<RuntimeException> failure = Optional.empty();

        @Override
        public ServerServiceDefinition bindService() {
            return ConfigurationProjectGrpc.bindService(this);
        }

        @Override
        public void listAgentConfigFiles(ListAgentConfigFilesRequest request, StreamObserver<ListAgentConfigFilesResponse> response) {
            begun.countDown();
            if (failure.isPresent()) {
                throw failure.get();
            }
            try {
                finish.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            AgentConfigFile file = AgentConfigFile.newBuilder().setName(".gitlab/agents/a/config.yaml").setAgentName("a").build();
            response.onNext(ListAgentConfigFilesResponse.newBuilder().addConfigFiles(file).build());
            response.onCompleted();
        }

        int list(ManagedChannel channel) {
            ListAgentConfigFilesRequest request = ListAgentConfigFilesRequest.newBuilder()
                    .setRepository(GitalyRepository.newBuilder().setStorageName("s").setRelativePath("r").setGlRepository("g")
                            .setGlProjectPath("p"))
                    .setGitalyInfo(GitalyInfo.newBuilder().setAddress("a")).build();
            return ConfigurationProjectGrpc.newBlockingStub(channel)
                    .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(servers.token()))
                    .listAgentConfigFiles(request).getConfigFilesCount();
        }
    }
}
