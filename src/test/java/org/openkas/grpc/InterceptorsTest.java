package org.openkas.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.openkas.common.Log;
import org.openkas.proto.agentregistrar.AgentRegistrarGrpc;
import org.openkas.proto.agentregistrar.RegisterRequest;
import org.openkas.proto.agentregistrar.RegisterResponse;
import org.openkas.testkit.RecordedLog;

class InterceptorsTest {
    private static final String SERVICE = "gitlab.agent.agent_registrar.rpc.AgentRegistrar";

    private final RecordedLog log = new RecordedLog();
    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final GrpcClientMetrics clientMetrics = new GrpcClientMetrics(registry);
    private Consumer<StreamObserver<RegisterResponse>> handler = responses -> {
        Log call = CallContext.LOG.get();
        call.info("called");
        responses.onNext(RegisterResponse.getDefaultInstance());
        responses.onCompleted();
    };
    private Server server;
    private ManagedChannel channel;

    @BeforeEach
    void start() throws Exception {
        AgentRegistrarGrpc.AgentRegistrarImplBase service = new AgentRegistrarGrpc.AgentRegistrarImplBase() {
            @Override
            public void register(RegisterRequest request, StreamObserver<RegisterResponse> responses) {
                handler.accept(responses);
            }
        };
        server = InProcessServerBuilder.forName("interceptors").directExecutor().fallbackHandlerRegistry(
                new MethodTable(List.of(service), List.of(new CallLogs(log.log(), new Random(1)), new UnknownStatusReporter()))).build()
                .start();
        channel = InProcessChannelBuilder.forName("interceptors").directExecutor().build();
    }

    @AfterEach
    void stop() {
        channel.shutdownNow();
        server.shutdownNow();
    }

    private void register(String... pairs) {
        Metadata metadata = new Metadata();
        for (int i = 0; i < pairs.length; i += 2) {
            metadata.put(Metadata.Key.of(pairs[i], Metadata.ASCII_STRING_MARSHALLER), pairs[i + 1]);
        }
        AgentRegistrarGrpc.newBlockingStub(ClientInterceptors.intercept(channel, clientMetrics))
                .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(metadata)).register(RegisterRequest.getDefaultInstance());
    }

    private Object correlationId() {
        RecordedLog.Line line = log.lines("called").getLast();
        assertThat(line.fields()).containsEntry("grpc_service", SERVICE).containsEntry("grpc_method", "Register");
        return line.fields().get("correlation_id");
    }

    @Test
    void aCallerMayNameItsCorrelationId() {
        register("x-gitlab-correlation-id", "abc", "x-request-id", "other");
        assertThat(correlationId()).isEqualTo("abc");
        register("x-request-id", "other");
        assertThat(correlationId()).isEqualTo("other");
    }

    @Test
    void anInsaneCorrelationIdIsReplaced() {
        register("x-gitlab-correlation-id", "with space");
        assertThat(correlationId()).asString().matches("[0-9a-f]{32}");
        Object first = correlationId();
        register("x-gitlab-correlation-id", "x".repeat(256));
        assertThat(correlationId()).asString().matches("[0-9a-f]{32}").isNotEqualTo(first);
    }

    @Test
    void anUnknownStatusIsReportedAndPassedOn() {
        handler = responses -> responses.onError(Status.UNKNOWN.withDescription("what happened").asRuntimeException());
        assertStatus(Status.Code.UNKNOWN, "what happened");
        assertThat(log.lines("Unknown gRPC error in \"/" + SERVICE + "/Register\"")).singleElement()
                .satisfies(line -> assertThat(line.fields()).containsEntry("error", "what happened"));
    }

    @Test
    void otherStatusesAreNotReported() {
        handler = responses -> responses.onError(Status.NOT_FOUND.withDescription("gone").asRuntimeException());
        assertStatus(Status.Code.NOT_FOUND, "gone");
        assertThat(log.lines()).isEmpty();
    }

    @Test
    void aHandlerThatThrowsEndsItsCall() {
        handler = responses -> {
            throw new IllegalStateException("broken");
        };
        assertStatus(Status.Code.UNKNOWN, "broken");
        handler = responses -> {
            throw Status.UNAVAILABLE.withDescription("later").asRuntimeException();
        };
        assertStatus(Status.Code.UNAVAILABLE, "later");
        assertThat(log.lines()).hasSize(1);
    }

    @Test
    void clientCallsAreCounted() {
        register();
        handler = responses -> responses.onError(Status.CANCELLED.asRuntimeException());
        assertThatThrownBy(this::register).isInstanceOf(StatusRuntimeException.class);
        Labels labels = Labels.of("grpc_type", "unary", "grpc_service", SERVICE, "grpc_method", "Register");
        assertThat(value("grpc_client_started", labels)).isEqualTo(2);
        assertThat(value("grpc_client_msg_sent", labels)).isEqualTo(2);
        assertThat(value("grpc_client_msg_received", labels)).isEqualTo(1);
        assertThat(value("grpc_client_handled", labels.add("grpc_code", "OK"))).isEqualTo(1);
        assertThat(value("grpc_client_handled", labels.add("grpc_code", "Canceled"))).isEqualTo(1);
        assertThat(value("grpc_client_requests_in_flight", Labels.of("grpc_service", SERVICE, "grpc_method", "Register"))).isZero();
    }

    @ParameterizedTest
    @EnumSource(Status.Code.class)
    void codesAreSpelledAsInGo(Status.Code code) {
        assertThat(List.of("OK", "Canceled", "Unknown", "InvalidArgument", "DeadlineExceeded", "NotFound", "AlreadyExists",
                "PermissionDenied",
                "ResourceExhausted", "FailedPrecondition", "Aborted", "OutOfRange", "Unimplemented", "Internal", "Unavailable", "DataLoss",
                "Unauthenticated").get(code.value())).isEqualTo(GrpcMetrics.spelled(code));
    }

    private void assertStatus(Status.Code code, String text) {
        assertThatThrownBy(this::register).isInstanceOfSatisfying(StatusRuntimeException.class, e -> {
            assertThat(e.getStatus().getCode()).isEqualTo(code);
            assertThat(e.getStatus().getDescription()).isEqualTo(text);
        });
    }

    private double value(String name, Labels labels) {
        return registry.scrape(name::equals).stream().mapToDouble(snapshot -> switch (snapshot) {
            case CounterSnapshot counter -> counter.getDataPoints().stream().filter(point -> point.getLabels().equals(labels)).mapToDouble(
                    CounterSnapshot.CounterDataPointSnapshot::getValue).sum();
            case GaugeSnapshot gauge -> gauge.getDataPoints().stream().filter(point -> point.getLabels().equals(labels)).mapToDouble(
                    GaugeSnapshot.GaugeDataPointSnapshot::getValue).sum();
            default -> 0;
        }).sum();
    }
}
