package org.openkas.agentregistrar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnknownFieldSet;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.openkas.cluster.AgentTracker;
import org.openkas.cluster.TrackerException;
import org.openkas.common.AgentToken;
import org.openkas.common.AgentType;
import org.openkas.common.Log;
import org.openkas.common.LogLevel;
import org.openkas.gitlab.AgentIdentification;
import org.openkas.gitlab.AgentInfo;
import org.openkas.grpc.CallContext;
import org.openkas.proto.agentregistrar.AgentRegistrarGrpc;
import org.openkas.proto.agentregistrar.RegisterRequest;
import org.openkas.proto.agentregistrar.UnregisterRequest;
import org.openkas.proto.agenttracker.ConnectedAgentInfo;
import org.openkas.proto.entity.AgentMeta;
import org.openkas.proto.entity.GitalyInfo;
import org.openkas.proto.entity.GitalyRepository;
import org.openkas.testkit.FakeTimers;
import org.openkas.testkit.RecordedLog;

class AgentRegistrarServiceTest {
    private static final AgentInfo AGENT = new AgentInfo(AgentType.AGENTK, 42, "my-agent", 7, GitalyInfo.getDefaultInstance(),
            GitalyRepository.newBuilder().setGlProjectPath("group/project").build(), "main");

    private final FakeTimers timers = new FakeTimers();
    private final RecordedLog log = new RecordedLog();
    private final Connections tracker = new Connections();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private volatile AgentIdentification agents = (_, _) -> AGENT;
    private AgentToken token = AgentToken.ofAgentk("secret-token");
    private Server server;
    private ManagedChannel channel;

    @BeforeEach
    void serve() throws IOException {
        ServerInterceptor context = new ServerInterceptor() {
            @Override
            public <Q, A> ServerCall.Listener<Q> interceptCall(ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
                Context values = Context.current().withValues(CallContext.TOKEN, token, CallContext.LOG, log.log());
                return Contexts.interceptCall(values, call, headers, next);
            }
        };
        String name = InProcessServerBuilder.generateName();
        server = InProcessServerBuilder.forName(name).directExecutor().intercept(context)
                .addService(new AgentRegistrarService(asked(), tracker, timers, threads)).build().start();
        channel = InProcessChannelBuilder.forName(name).directExecutor().build();
    }

    @AfterEach
    void close() {
        channel.shutdownNow();
        server.shutdownNow();
        threads.shutdownNow();
    }

    /** Whoever a test sets, even after the service was made. */
    private AgentIdentification asked() {
        return new AgentIdentification() {
            @Override
            public Optional<AgentInfo> known(AgentToken bearer) {
                return agents.known(bearer);
            }

            @Override
            public AgentInfo identify(AgentToken bearer, Log callLog) throws StatusException, InterruptedException {
                return agents.identify(bearer, callLog);
            }
        };
    }

    private AgentRegistrarGrpc.AgentRegistrarBlockingStub stub() {
        return AgentRegistrarGrpc.newBlockingStub(channel);
    }

    private static RegisterRequest register(long podId) {
        return RegisterRequest.newBuilder().setPodId(podId).build();
    }

    private static UnregisterRequest unregister(long podId) {
        return UnregisterRequest.newBuilder().setPodId(podId).build();
    }

    private void assertFails(ThrowingCall call, Status.Code code, String text) {
        assertThatThrownBy(call::run).isInstanceOfSatisfying(StatusRuntimeException.class, e -> {
            assertThat(e.getStatus().getCode()).isEqualTo(code);
            assertThat(e.getStatus().getDescription()).isEqualTo(text);
        });
    }

    private interface ThrowingCall {
        void run();
    }

    @Test
    @DisplayName("AG-39: the connection is known by the agent's pod id")
    void registers() {
        AgentMeta meta = AgentMeta.newBuilder().setVersion("v16.5.0").setPodName("pod").build();
        RegisterRequest request = RegisterRequest.newBuilder().setAgentMeta(meta).setPodId(123456789).build();
        stub().register(request);
        timers.advance(Duration.ofMinutes(5));
        stub().register(request);
        assertThat(tracker.all()).singleElement().satisfies(connection -> {
            assertThat(connection.getConnectionId()).isEqualTo(123456789);
            assertThat(connection.getAgentId()).isEqualTo(42);
            assertThat(connection.getProjectId()).isEqualTo(7);
            assertThat(connection.getAgentMeta()).isEqualTo(meta);
            assertThat(connection.getConnectedAt().getSeconds()).isEqualTo(timers.now().getEpochSecond());
        });
        assertThat(tracker.refreshed).isFalse();
    }

    @Test
    void anAgentThatIsKnownWaitsForNobody() {
        agents = new AgentIdentification() {
            @Override
            public Optional<AgentInfo> known(AgentToken bearer) {
                return Optional.of(AGENT);
            }

            @Override
            public AgentInfo identify(AgentToken bearer, Log callLog) {
                throw new AssertionError("asked");
            }
        };
        threads.shutdown(); // takes no task any more
        stub().register(register(5));
        assertThat(tracker.all()).singleElement().satisfies(connection -> assertThat(connection.getConnectionId()).isEqualTo(5));
        stub().unregister(unregister(5));
        assertThat(tracker.all()).isEmpty();
    }

    @Test
    @DisplayName("AG-39: the shared state cannot be written")
    void storeFails() {
        tracker.broken = true;
        assertFails(() -> stub().register(register(1)), Status.Code.UNAVAILABLE, "Failed to register agent");
        assertFails(() -> stub().unregister(unregister(1)), Status.Code.UNAVAILABLE, "Failed to unregister agent");
        assertThat(log.lines()).extracting(RecordedLog.Line::message).containsExactly("Failed to register agent",
                "Failed to unregister agent");
        assertThat(log.lines()).allSatisfy(line -> {
            assertThat(line.level()).isEqualTo(LogLevel.ERROR);
            assertThat(line.fields()).containsEntry("agent_id", 42L).containsEntry("project_id", "group/project").containsEntry("error",
                    "no connection");
        });
    }

    @ParameterizedTest
    @CsvSource({"UNAVAILABLE,unavailable", "UNAUTHENTICATED,unauthenticated", "PERMISSION_DENIED,forbidden", "NOT_FOUND,agent not found"})
    @DisplayName("AG-28: whatever the look-up says is the answer, at once")
    void lookUpFails(Status.Code code, String text) {
        agents = (_, _) -> {
            throw code.toStatus().withDescription(text).asException();
        };
        assertFails(() -> stub().register(register(1)), code, text);
        assertThat(log.lines()).isEmpty();
        assertThat(tracker.all()).isEmpty();
    }

    @Test
    @DisplayName("NR-012: what the agent says of itself is kept byte by byte, also what we do not know")
    void unknownFields() throws InvalidProtocolBufferException {
        ByteString telemetry = UnknownFieldSet.newBuilder()
                .addField(1, UnknownFieldSet.Field.newBuilder().addLengthDelimited(ByteString.copyFromUtf8("installation_method")).build())
                .addField(2, UnknownFieldSet.Field.newBuilder().addLengthDelimited(ByteString.copyFromUtf8("helm")).build()).build()
                .toByteString();
        ByteString sent = AgentMeta.newBuilder().setVersion("v19.0.0").setPodName("pod")
                .setUnknownFields(UnknownFieldSet.newBuilder()
                        .addField(6,
                                UnknownFieldSet.Field.newBuilder().addLengthDelimited(ByteString.copyFromUtf8("v19.0.0-3-gabc")).build())
                        .addField(7,
                                UnknownFieldSet.Field.newBuilder().addLengthDelimited(telemetry).addLengthDelimited(telemetry).build())
                        .build())
                .build().toByteString();
        stub().register(RegisterRequest.newBuilder().setAgentMeta(AgentMeta.parseFrom(sent)).setPodId(1).build());
        assertThat(tracker.all().getFirst().getAgentMeta().toByteString()).isEqualTo(sent);
    }

    @Test
    @DisplayName("NR-013: unregistering takes away this connection only, and may be repeated")
    void unregisters() {
        stub().register(register(1));
        stub().register(register(2));
        stub().unregister(unregister(1));
        stub().unregister(unregister(1));
        assertThat(tracker.all()).extracting(ConnectedAgentInfo::getConnectionId).containsExactly(2L);
    }

    @ParameterizedTest
    @EnumSource(names = "AGENTK", mode = EnumSource.Mode.EXCLUDE)
    @DisplayName("NR-016: tokens of other kinds are never checked as those of agentk, and such agents are not shown")
    void otherKinds(AgentType type) {
        token = new AgentToken(type, "t");
        agents = (_, _) -> {
            throw new AssertionError("asked");
        };
        assertFails(() -> stub().register(register(1)), Status.Code.UNAUTHENTICATED, "unauthenticated");
        assertFails(() -> stub().unregister(unregister(1)), Status.Code.UNAUTHENTICATED, "unauthenticated");
        assertThat(tracker.all()).isEmpty();
    }

    @Test
    @DisplayName("GB-16: an agent that leaves interrupts the look-up made for it, which is no error")
    void cancelInterrupts() {
        CountDownLatch asked = new CountDownLatch(1);
        AtomicBoolean interrupted = new AtomicBoolean();
        agents = (_, _) -> {
            asked.countDown();
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException e) {
                interrupted.set(true);
                throw e;
            }
            return AGENT;
        };
        Future<?> call = AgentRegistrarGrpc.newFutureStub(channel).register(register(1));
        await().until(() -> asked.getCount() == 0);
        call.cancel(true);
        await().untilTrue(interrupted);
        assertThat(log.lines()).isEmpty();
    }

    /** Keeps connections as the port says. */
    private static final class Connections implements AgentTracker {
        private final Map<Long, ConnectedAgentInfo> byId = new TreeMap<>();
        private boolean broken;
        private boolean refreshed;

        @Override
        public synchronized void register(AgentType type, ConnectedAgentInfo connection, boolean refresh) throws TrackerException {
            mayFail();
            refreshed = refresh;
            byId.put(connection.getConnectionId(), connection);
        }

        @Override
        public synchronized void unregister(AgentType type, ConnectedAgentInfo connection) throws TrackerException {
            mayFail();
            byId.remove(connection.getConnectionId());
        }

        private void mayFail() throws TrackerException {
            if (broken) {
                throw new TrackerException("no connection", new IOException());
            }
        }

        @Override
        public List<ConnectedAgentInfo> byAgent(long agentId) {
            return all();
        }

        @Override
        public List<ConnectedAgentInfo> byProject(long projectId) {
            return all();
        }

        @Override
        public synchronized List<ConnectedAgentInfo> all() {
            return List.copyOf(byId.values());
        }

        @Override
        public synchronized long connectedAgents() {
            return byId.size();
        }
    }
}
