package org.openkas.railsapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.openkas.agenttracker.AgentTrackerService;
import org.openkas.cluster.MemoryAgentTracker;
import org.openkas.cluster.MemoryGitPushEvents;
import org.openkas.common.AgentType;
import org.openkas.common.Log;
import org.openkas.grpc.CallerAuthentication;
import org.openkas.grpc.MessageValidation;
import org.openkas.jwt.TokenVerifier;
import org.openkas.message.MessageRules;
import org.openkas.notifications.NotificationsService;
import org.openkas.proto.agenttracker.GetConnectedAgentsRequest;
import org.openkas.proto.agenttracker.GetConnectedAgentsResponse;
import org.openkas.proto.event.GitPushEvent;
import org.openkas.proto.event.Project;
import org.openkas.proto.notifications.GitPushEventRequest;
import org.openkas.serverinfo.ServerInfoService;
import org.openkas.testkit.Agents;
import org.openkas.testkit.Bytes;
import org.openkas.testkit.FakeTimers;
import org.openkas.testkit.RailsTokens;

/** The listener's calls without its sockets. */
class CallOrderTest {
    private static final String TRACKER = "gitlab.agent.agent_tracker.rpc.AgentTracker";
    private static final String CONNECTED = TRACKER + "/GetConnectedAgents";
    private static final String PUSH = "gitlab.agent.notifications.rpc.Notifications/GitPushEvent";

    private final FakeTimers timers = new FakeTimers();
    private final MemoryAgentTracker tracker = new MemoryAgentTracker(timers, Duration.ofSeconds(300));
    private final List<String> counted = new ArrayList<>();
    private final TokenVerifier verifier = TokenVerifier.ofAnyIssuer(RailsTokens.SECRET, "gitlab-kas", timers);
    private final Metadata token = RailsTokens.bearer(timers.now());
    private final Metadata noToken = new Metadata();
    private Server server;
    private ManagedChannel rails;

    @BeforeEach
    void start() throws Exception {
        tracker.register(AgentType.AGENTK, Agents.connection(7, 5, 1), true);
        String name = InProcessServerBuilder.generateName();
        server = InProcessServerBuilder.forName(name).directExecutor()
                .fallbackHandlerRegistry(RailsApiServer.methods(
                        List.of(new AgentTrackerService(tracker),
                                new NotificationsService(new MemoryGitPushEvents(Runnable::run, Log.none())),
                                new ServerInfoService("17.0.0")),
                        List.of(counting(), new CallerAuthentication(verifier::objection),
                                new MessageValidation(MessageRules::violations))))
                .build().start();
        rails = InProcessChannelBuilder.forName(name).directExecutor().build();
    }

    @AfterEach
    void stop() {
        rails.shutdownNow();
        server.shutdownNow();
    }

    private ServerInterceptor counting() {
        return new ServerInterceptor() {
            @Override
            public <Q, A> ServerCall.Listener<Q> interceptCall(ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
                counted.add(call.getMethodDescriptor().getFullMethodName());
                return next.startCall(call, headers);
            }
        };
    }

    private void fails(String status, String method, Message request, Metadata headers) {
        assertThatThrownBy(() -> Bytes.call(rails, method, request.toByteArray(), headers)).hasMessage(status);
    }

    @Test
    @DisplayName("RA-4 neither id")
    void neitherId() {
        fails("INVALID_ARGUMENT: invalid GetConnectedAgentsRequest.Request: value is required", CONNECTED,
                GetConnectedAgentsRequest.getDefaultInstance(), token);
        assertThat(counted).containsExactly(CONNECTED);
    }

    @Test
    @DisplayName("RA-5 an id that is set to zero is an id")
    void zero() throws Exception {
        byte[] answer = Bytes.call(rails, CONNECTED, GetConnectedAgentsRequest.newBuilder().setAgentId(0).build().toByteArray(), token);
        assertThat(GetConnectedAgentsResponse.parseFrom(answer).getAgentsList()).isEmpty();
    }

    @Test
    @DisplayName("RA-20 authentication comes before validation, and counts")
    void authenticationFirst() {
        fails("UNAUTHENTICATED: Request unauthenticated with bearer", CONNECTED, GetConnectedAgentsRequest.getDefaultInstance(), noToken);
        assertThat(counted).containsExactly(CONNECTED);
    }

    @Test
    @DisplayName("RA-21 an unknown method is told before anybody asks for a token, and not counted")
    void unknownMethod() {
        fails("UNIMPLEMENTED: unknown method Foo for service " + TRACKER, TRACKER + "/Foo", GetConnectedAgentsRequest.getDefaultInstance(),
                noToken);
        assertThat(counted).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"gitlab.agent.agent_configuration.rpc.AgentConfiguration/GetConfiguration",
            "gitlab.agent.managed_resources.rpc.Provisioner/EnsureEnvironment", "gitlab.agent.events_platform.rpc.EventsPlatform/Publish",
            "grpc.health.v1.Health/Check"})
    @DisplayName("RA-22 RA-52 services of other listeners and of other releases")
    void unknownService(String method) {
        String service = method.substring(0, method.indexOf('/'));
        fails("UNIMPLEMENTED: unknown service " + service, method, GetConnectedAgentsRequest.getDefaultInstance(), noToken);
        fails("UNIMPLEMENTED: unknown service " + service, method, GetConnectedAgentsRequest.getDefaultInstance(), token);
    }

    @ParameterizedTest
    @ValueSource(strings = {CONNECTED, PUSH, "gitlab.agent.server_info.rpc.ServerInfo/GetServerInfo"})
    @DisplayName("RA-23 bytes that are no message, whatever the token is, and not counted")
    void undecodable(String method) {
        byte[] garbage = ByteString.fromHex("ffffffff").toByteArray();
        for (Metadata headers : List.of(noToken, token)) {
            assertThatThrownBy(() -> Bytes.call(rails, method, garbage, headers))
                    .hasMessageStartingWith("INTERNAL: grpc: error unmarshalling request: ");
        }
        assertThat(counted).isEmpty();
    }

    @Test
    @DisplayName("RA-38 push events without id, path, project or event")
    void invalidPushes() {
        String event = "INVALID_ARGUMENT: invalid GitPushEventRequest.Event: ";
        String inProject = event
                + "embedded message failed validation | caused by: invalid GitPushEvent.Project: embedded message failed validation | caused by: ";
        fails(inProject + "invalid Project.Id: value must be greater than 0", PUSH, push(Project.newBuilder().setFullPath("g/p")), token);
        fails(inProject + "invalid Project.FullPath: value length must be at least 1 bytes", PUSH, push(Project.newBuilder().setId(7)),
                token);
        fails(event + "embedded message failed validation | caused by: invalid GitPushEvent.Project: value is required", PUSH,
                GitPushEventRequest.newBuilder().setEvent(GitPushEvent.getDefaultInstance()).build(), token);
        fails(event + "value is required", PUSH, GitPushEventRequest.getDefaultInstance(), token);
    }

    private static GitPushEventRequest push(Project.Builder project) {
        return GitPushEventRequest.newBuilder().setEvent(GitPushEvent.newBuilder().setProject(project)).build();
    }

    @Test
    @DisplayName("RA-41 the old form of a push event passes validation, its own faults do not")
    void oldPush() {
        assertThat(Bytes.call(rails, PUSH, ByteString.fromHex("0a0708071203672f70").toByteArray(), token)).isEmpty();
        assertThatThrownBy(() -> Bytes.call(rails, PUSH, ByteString.fromHex("0a020807").toByteArray(), token))
                .hasMessageEndingWith("invalid Project.FullPath: value length must be at least 1 bytes");
    }

    @Test
    @DisplayName("RA-51 NR-030 feature flags in metadata change nothing")
    void featureFlags() throws Exception {
        Metadata headers = new Metadata();
        headers.merge(token);
        for (int flag = 0; flag < 50; flag++) {
            headers.put(Metadata.Key.of("kas-feature-foo-" + flag, Metadata.ASCII_STRING_MARSHALLER), flag % 2 == 0 ? "true" : "false");
        }
        byte[] request = GetConnectedAgentsRequest.newBuilder().setAgentId(5).build().toByteArray();
        assertThat(Bytes.call(rails, CONNECTED, request, headers)).isEqualTo(Bytes.call(rails, CONNECTED, request, token)).isNotEmpty();
    }

    @Test
    @DisplayName("unknown fields of a request are ignored")
    void unknownFields() {
        byte[] request = ByteString.fromHex("1005" + "7a03616263").toByteArray();
        assertThat(Bytes.call(rails, CONNECTED, request, token)).isNotEmpty();
    }
}
