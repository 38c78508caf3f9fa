package org.openkas.railsapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.grpc.Metadata;
import java.nio.file.Path;
import java.util.HexFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.openkas.common.AgentType;
import org.openkas.net.Network;
import org.openkas.net.Security;
import org.openkas.proto.agenttracker.GetConnectedAgentsRequest;
import org.openkas.proto.agenttracker.GetConnectedAgentsResponse;
import org.openkas.testkit.Agents;
import org.openkas.testkit.PythonGrpc;

/** A stock client of another language, on the library that GitLab's own client stands on. */
@Timeout(60)
class PythonClientTest {
    private static final String CERTIFICATES = "src/test/resources/testkit/";
    private static final String CONNECTED = "gitlab.agent.agent_tracker.rpc.AgentTracker/GetConnectedAgents";
    private static final byte[] REQUEST = GetConnectedAgentsRequest.newBuilder().setAgentId(5).build().toByteArray();

    private static final boolean PYTHON = PythonGrpc.available();

    private final RailsApiServers servers = new RailsApiServers();

    @BeforeEach
    void connect() {
        assumeTrue(PYTHON, "needs python3 with grpcio (pip install grpcio)");
        servers.tracker.register(AgentType.AGENTK, Agents.connection(7, 5, -4), true);
    }

    @AfterEach
    void stop() {
        servers.close();
    }

    private static void answersAgent(String output) throws Exception {
        assertThat(output).startsWith("OK ");
        assertThat(GetConnectedAgentsResponse.parseFrom(HexFormat.of().parseHex(output.substring(3))).getAgentsList())
                .containsExactly(Agents.connection(7, 5, -4));
    }

    @Test
    @DisplayName("RA-1 RA-9 RA-21 RA-55 over TCP, compressed and not, with and without a token")
    void tcp() throws Exception {
        String target = servers.start().bound().address();
        answersAgent(PythonGrpc.call(target, "-", "identity", CONNECTED, REQUEST, servers.token()));
        answersAgent(PythonGrpc.call(target, "-", "gzip", CONNECTED, REQUEST, servers.token()));
        assertThat(PythonGrpc.call(target, "-", "identity", CONNECTED, REQUEST, new Metadata()))
                .isEqualTo("UNAUTHENTICATED Request unauthenticated with bearer");
        assertThat(PythonGrpc.call(target, "-", "identity", CONNECTED + "Foo", REQUEST, new Metadata()))
                .isEqualTo("UNIMPLEMENTED unknown method GetConnectedAgentsFoo for service gitlab.agent.agent_tracker.rpc.AgentTracker");
        assertThat(PythonGrpc.call(target, "-", "identity", CONNECTED, new byte[]{-1, -1, -1, -1}, new Metadata()))
                .startsWith("INTERNAL grpc: error unmarshalling request: ");
    }

    @Test
    @DisplayName("RA-44 over TLS")
    void tls() throws Exception {
        Security security = Security.of(CERTIFICATES + "server.pem", CERTIFICATES + "server.key", Security.ALPN_GRPC);
        int port = servers.start(Network.TCP, "127.0.0.1:0", security).bound().port();
        answersAgent(PythonGrpc.call("localhost:" + port, CERTIFICATES + "ca.pem", "identity", CONNECTED, REQUEST, servers.token()));
        assertThat(PythonGrpc.call("localhost:" + port, "-", "identity", CONNECTED, REQUEST, servers.token())).startsWith("UNAVAILABLE ");
    }

    @Test
    @DisplayName("RA-45 over a unix socket")
    void unix(@TempDir Path directory) throws Exception {
        Path socket = directory.resolve("api.sock");
        servers.start(Network.UNIX, socket.toString(), new Security.Plain());
        answersAgent(PythonGrpc.call("unix://" + socket, "-", "identity", CONNECTED, REQUEST, servers.token()));
    }
}
