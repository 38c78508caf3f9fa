package org.openkas.agentapi;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Attributes;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerMethodDefinition;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.openkas.grpc.MethodTable;
import org.openkas.testkit.AgentServices;
import org.openkas.testkit.FakeTimers;
import org.openkas.testkit.RecordedLog;

class AgentMethodsTest {
    private static final String REGISTRAR = "gitlab.agent.agent_registrar.rpc.AgentRegistrar";

    private final FakeTimers timers = new FakeTimers();
    private final RecordedLog log = new RecordedLog();
    private final AgentMethods methods = new AgentMethods(new MethodTable(new AgentServices().all(), List.of()),
            Map.of("new.Name", REGISTRAR, "other.Name/Sign", REGISTRAR + "/Register"), log.log(), timers);

    @ParameterizedTest
    @CsvSource({"gitlab.agent.agent_registrar.rpc.AgentRegistrar/Register,true", "gitlab.agent.x.AgentRegistrar/Register,true",
            "gitlab.agent.AgentRegistrar/Register,true", "new.Name/Register,true", "other.Name/Sign,true", "other.Name/Register,false",
            "gitlab.agent.x.AgentRegistrar/Nothing,false", "gitlab.agent.x.Registrar/Register,false",
            "evil.agent.AgentRegistrar/Register,false",
            "AgentRegistrar/Register,false", "gitlab.agent.x.Bulk/Echo,false", "Register,false", "'',false", "/,false",
            "gitlab.agent.,false"})
    @DisplayName("NR-008, NR-010 names that are found")
    void names(String name, boolean found) {
        ServerMethodDefinition<?, ?> method = methods.lookupMethod(name, null);
        assertThat(method.getMethodDescriptor().getFullMethodName().equals(REGISTRAR + "/Register")).isEqualTo(found);
    }

    @Test
    @DisplayName("NR-009 one warning for a method and hour, with what is known of the caller")
    void warnings() {
        Metadata headers = new Metadata();
        headers.put(Metadata.Key.of("user-agent", Metadata.ASCII_STRING_MARSHALLER), "gitlab-agent/v99");
        headers.put(TokenExtraction.AGENT_TYPE, "runner");
        for (int i = 0; i < 1000; i++) {
            assertThat(call("gitlab.agent.x.Y/Z", headers).getDescription()).isEqualTo("unknown service gitlab.agent.x.Y");
        }
        assertThat(log.lines()).singleElement().satisfies(line -> {
            assertThat(line.message()).isEqualTo("Unknown agent method");
            assertThat(line.fields()).containsEntry("grpc_service", "gitlab.agent.x.Y").containsEntry("grpc_method", "Z")
                    .containsEntry("agent_type", "runner").containsEntry("user_agent", "gitlab-agent/v99");
        });
        call("gitlab.agent.x.Y/Other", headers);
        assertThat(log.lines()).hasSize(2);
        timers.advance(Duration.ofMinutes(61));
        call("gitlab.agent.x.Y/Z", headers);
        assertThat(log.lines()).hasSize(3);
    }

    @Test
    void inventedNamesDoNotFloodTheLog() {
        for (int i = 0; i < 10_000; i++) {
            call("gitlab.agent.x.Y" + i + "/" + "z".repeat(1000), new Metadata());
        }
        assertThat(log.lines()).hasSize(200).allSatisfy(line -> assertThat(line.fields().get("grpc_method").toString()).hasSize(256));
    }

    private <Q, R> Status call(String name, Metadata headers) {
        @SuppressWarnings("unchecked")
        ServerMethodDefinition<Q, R> method = (ServerMethodDefinition<Q, R>) methods.lookupMethod(name, null);
        AtomicReference<Status> status = new AtomicReference<>();
        method.getServerCallHandler().startCall(new ServerCall<>() {
            @Override
            public void request(int count) {
            }

            @Override
            public void sendHeaders(Metadata sent) {
            }

            @Override
            public void sendMessage(R message) {
            }

            @Override
            public void close(Status closed, Metadata trailers) {
                status.set(closed);
            }

            @Override
            public boolean isCancelled() {
                return false;
            }

            @Override
            public MethodDescriptor<Q, R> getMethodDescriptor() {
                return method.getMethodDescriptor();
            }

            @Override
            public Attributes getAttributes() {
                return Attributes.EMPTY;
            }
        }, headers);
        return status.get();
    }
}
