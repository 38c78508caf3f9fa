package org.openkas.agenttracker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.openkas.common.AgentType.AGENTK;
import static org.openkas.common.AgentType.AGENTW;
import static org.openkas.testkit.Agents.connection;

import com.google.protobuf.CodedOutputStream;
import io.grpc.ServerInterceptors;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.openkas.cluster.MemoryAgentTracker;
import org.openkas.common.LogLevel;
import org.openkas.grpc.CallLogs;
import org.openkas.proto.agenttracker.AgentTrackerGrpc;
import org.openkas.proto.agenttracker.ConnectedAgentInfo;
import org.openkas.proto.agenttracker.CountAgentsByAgentVersionsRequest;
import org.openkas.proto.agenttracker.GetConnectedAgentsByAgentIDsRequest;
import org.openkas.proto.agenttracker.GetConnectedAgentsByAgentIDsResponse;
import org.openkas.proto.agenttracker.GetConnectedAgentsByProjectIDsRequest;
import org.openkas.proto.agenttracker.GetConnectedAgentsByProjectIDsResponse;
import org.openkas.proto.agenttracker.GetConnectedAgentsRequest;
import org.openkas.testkit.Bytes;
import org.openkas.testkit.FailingTracker;
import org.openkas.testkit.FakeTimers;
import org.openkas.testkit.InProcess;
import org.openkas.testkit.RecordedLog;

class AgentTrackerServiceTest {
    private static final String SERVICE = "gitlab.agent.agent_tracker.rpc.AgentTracker/";

    private final MemoryAgentTracker tracker = new MemoryAgentTracker(new FakeTimers(), Duration.ofSeconds(300));
    private final InProcess server = new InProcess(new AgentTrackerService(tracker));
    private final AgentTrackerGrpc.AgentTrackerBlockingStub rails = AgentTrackerGrpc.newBlockingStub(server.channel());

    @BeforeEach
    void connect() {
        tracker.register(AGENTK, connection(7, 5, -1), true);
        tracker.register(AGENTK, connection(7, 6, 2), true);
        tracker.register(AGENTK, connection(8, 9, 3), true);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private List<ConnectedAgentInfo> ofAgent(long id) {
        return rails.getConnectedAgents(GetConnectedAgentsRequest.newBuilder().setAgentId(id).build()).getAgentsList();
    }

    private List<ConnectedAgentInfo> ofProject(long id) {
        return rails.getConnectedAgents(GetConnectedAgentsRequest.newBuilder().setProjectId(id).build()).getAgentsList();
    }

    @Test
    @DisplayName("RA-1 a connected agent with all that is known of it")
    void byAgent() {
        assertThat(ofAgent(5)).containsExactly(connection(7, 5, -1));
    }

    @Test
    @DisplayName("one entry for each Pod of an agent")
    void severalPods() {
        tracker.register(AGENTK, connection(7, 5, 4), true);
        assertThat(ofAgent(5)).extracting(ConnectedAgentInfo::getConnectionId).containsExactlyInAnyOrder(-1L, 4L);
    }

    @Test
    @DisplayName("RA-3 the agents of a configuration project, none of a project without")
    void byProject() {
        assertThat(ofProject(7)).containsExactlyInAnyOrder(connection(7, 5, -1), connection(7, 6, 2));
        assertThat(ofProject(77)).isEmpty();
    }

    @Test
    @DisplayName("RA-5 an id of 0 or below is an id like others")
    void zero() {
        assertThat(ofAgent(0)).isEmpty();
        assertThat(ofAgent(-3)).isEmpty();
        assertThat(ofProject(0)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"GetConnectedAgentsByAgentIDs", "GetConnectedAgentsByAgentIds", "GetConnectedAgentksByAgentIDs"})
    @DisplayName("RA-46 NR-029 agents by their ids, in every release's spelling, those of other types left out")
    void byAgentIds(String method) throws Exception {
        tracker.register(AGENTW, connection(7, 5, 99), true);
        byte[] request = GetConnectedAgentsByAgentIDsRequest.newBuilder().addAllAgentIds(List.of(5L, 6L, 99L, 5L)).build().toByteArray();
        byte[] response = Bytes.call(server.channel(), SERVICE + method, request);
        assertThat(GetConnectedAgentsByAgentIDsResponse.parseFrom(response).getAgentsList()).containsExactlyInAnyOrder(connection(7, 5, -1),
                connection(7, 6, 2));
    }

    @ParameterizedTest
    @ValueSource(strings = {"GetConnectedAgentsByProjectIDs", "GetConnectedAgentsByProjectIds", "GetConnectedAgentksByProjectIDs"})
    @DisplayName("RA-47 agents by their projects' ids, in every release's spelling")
    void byProjectIds(String method) throws Exception {
        byte[] request = GetConnectedAgentsByProjectIDsRequest.newBuilder().addProjectIds(7).build().toByteArray();
        byte[] response = Bytes.call(server.channel(), SERVICE + method, request);
        assertThat(GetConnectedAgentsByProjectIDsResponse.parseFrom(response).getAgentsList()).containsExactlyInAnyOrder(
                connection(7, 5, -1),
                connection(7, 6, 2));
    }

    @Test
    @DisplayName("RA-48 ids that are not packed are read as packed ones are")
    void unpacked() throws Exception {
        byte[] request = unpacked(5, 6);
        assertThat(request)
                .isNotEqualTo(GetConnectedAgentsByAgentIDsRequest.newBuilder().addAgentIds(5).addAgentIds(6).build().toByteArray());
        byte[] response = Bytes.call(server.channel(), SERVICE + "GetConnectedAgentsByAgentIDs", request);
        assertThat(GetConnectedAgentsByAgentIDsResponse.parseFrom(response).getAgentsList()).hasSize(2);
    }

    private static byte[] unpacked(long... ids) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        CodedOutputStream out = CodedOutputStream.newInstance(bytes);
        for (long id : ids) {
            out.writeInt64(1, id);
        }
        out.flush();
        return bytes.toByteArray();
    }

    @Test
    @DisplayName("RA-50 agents by version, an agent with two Pods counted once")
    void countByVersion() {
        tracker.register(AGENTK, connection(7, 5, 44), true);
        tracker.register(AGENTK, connection(8, 9, 3, "v16.4.0"), true);
        assertThat(rails.countAgentsByAgentVersions(CountAgentsByAgentVersionsRequest.getDefaultInstance()).getAgentVersionsMap())
                .containsOnly(Map.entry("v16.5.0", 2L), Map.entry("v16.4.0", 1L));
    }

    @Test
    @DisplayName("NR-014 an agent that said goodbye is not listed any more, half: from the tracker on")
    void unregistered() {
        tracker.unregister(AGENTK, connection(7, 5, -1));
        assertThat(ofAgent(5)).isEmpty();
        assertThat(ofProject(7)).hasSize(1);
    }

    @Test
    @DisplayName("RA-8 shared state that fails gives UNAVAILABLE with the documented text, and an error line with the cause")
    void failures() {
        RecordedLog log = new RecordedLog();
        try (InProcess failing = new InProcess(ServerInterceptors.intercept(new AgentTrackerService(new FailingTracker()),
                new CallLogs(log.log(), RandomGenerator.getDefault())))) {
            AgentTrackerGrpc.AgentTrackerBlockingStub stub = AgentTrackerGrpc.newBlockingStub(failing.channel());
            fails("GetConnectionsByAgentId() failed", log,
                    () -> stub.getConnectedAgents(GetConnectedAgentsRequest.newBuilder().setAgentId(5).build()));
            fails("GetConnectionsByProjectId() failed", log,
                    () -> stub.getConnectedAgents(GetConnectedAgentsRequest.newBuilder().setProjectId(7).build()));
            fails("GetConnectionsByAgentId() failed", log,
                    () -> stub.getConnectedAgentsByAgentIDs(GetConnectedAgentsByAgentIDsRequest.newBuilder().addAgentIds(5).build()));
            fails("GetConnectionsByProjectId() failed", log,
                    () -> stub.getConnectedAgentsByProjectIDs(GetConnectedAgentsByProjectIDsRequest.newBuilder().addProjectIds(7).build()));
            fails("CountAgentsByAgentVersions() failed", log,
                    () -> stub.countAgentsByAgentVersions(CountAgentsByAgentVersionsRequest.getDefaultInstance()));
        }
    }

    private static void fails(String text, RecordedLog log, ThrowingCallable call) {
        int before = log.lines().size();
        assertThatThrownBy(call).hasMessage("UNAVAILABLE: " + text);
        assertThat(log.lines()).hasSize(before + 1).last().satisfies(line -> {
            assertThat(line.level()).isEqualTo(LogLevel.ERROR);
            assertThat(line.message()).isEqualTo(text);
            assertThat(line.fields()).containsEntry("error", "connection refused");
        });
    }
}
