package org.openkas.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.MetadataUtils;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.openkas.proto.agentregistrar.AgentRegistrarGrpc;
import org.openkas.proto.agentregistrar.RegisterRequest;
import org.openkas.testkit.AgentChannels;
import org.openkas.testkit.ConfiguredAgent;
import org.openkas.testkit.FakeCollector;
import org.openkas.testkit.FakeSentry;
import org.openkas.testkit.FreePorts;
import org.openkas.testkit.RunningDistribution;

/** What leaves the built server about itself inside of Open Liberty, and that nothing of it costs anything while it is off. */
@Timeout(180)
class TelemetryIT {
    private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";

    @TempDir
    Path directory;

    private int port;

    private Path configuration(String more) throws Exception {
        port = FreePorts.some(1).getFirst();
        return RunningDistribution.standalone(directory, """
                agent: {listen: {address: "127.0.0.1:%d", listen_grace_period: 0.01s}}
                observability: {listen: {address: "127.0.0.1:0"}%s}
                """.formatted(port, more));
    }

    private void register() {
        ManagedChannel connection = AgentChannels.grpc(port);
        Metadata headers = new Metadata();
        headers.put(Metadata.Key.of("traceparent", Metadata.ASCII_STRING_MARSHALLER), "00-" + TRACE + "-b7ad6b7169203331-01");
        assertThat(Assertions.catchThrowable(() -> AgentRegistrarGrpc
                .newBlockingStub(ClientInterceptors.intercept(connection, MetadataUtils.newAttachHeadersInterceptor(headers)))
                .withCallCredentials(ConfiguredAgent.bearer("unknown")).register(RegisterRequest.getDefaultInstance())))
                .isInstanceOf(StatusRuntimeException.class);
        connection.shutdownNow();
    }

    private List<String> loaded(Path classes) throws Exception {
        try (Stream<String> lines = Files.lines(classes)) {
            return lines.filter(line -> line.contains(" io.opentelemetry.") || line.contains("openkas.telemetry.Collector")
                    || line.contains("openkas.telemetry.Sentry")).toList();
        }
    }

    @Test
    @DisplayName("without tracing and Sentry no class of either is loaded")
    void off() throws Exception {
        Path classes = directory.resolve("classes");
        try (RunningDistribution running = RunningDistribution.start(RunningDistribution.HOME,
                Map.of("OPENKAS_JVM_OPTIONS", "-Xlog:class+load=info:file=" + classes), "--configuration-file",
                configuration("").toString())) {
            running.ready();
            register();
            running.terminate();
            assertThat(running.exit()).isZero();
        }
        assertThat(Files.readString(classes)).contains("org.openkas.app.KasServer");
        assertThat(loaded(classes)).isEmpty();
    }

    @Test
    @DisplayName("SIGTERM sends what waits: a call's span is with the collector when the process has ended, and Sentry is ready")
    void on() throws Exception {
        try (FakeCollector collector = new FakeCollector(); FakeSentry sentry = new FakeSentry()) {
            Path file = configuration(
                    ", tracing: {otlp_endpoint: '" + collector.address() + "/here'}, sentry: {dsn: '" + sentry.dsn("topkey")
                            + "'}");
            try (RunningDistribution running = RunningDistribution.start(RunningDistribution.HOME,
                    Map.of("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=a%20b,service.name=other"), "--configuration-file",
                    file.toString())) {
                running.ready();
                register();
                running.terminate();
                assertThat(running.exit()).isZero();
                assertThat(running.err()).noneMatch(line -> line.contains("topkey"))
                        .allSatisfy(line -> assertThat(line).startsWith("{\"level\":\"info\""));
            }
            assertThat(collector.spans("gitlab.agent.agent_registrar.rpc.AgentRegistrar/Register")).singleElement()
                    .satisfies(span -> assertThat(span.trace()).isEqualTo(TRACE));
            assertThat(collector.resources().getFirst()).containsEntry("service.name", "gitlab-kas").containsEntry("deployment.environment",
                    "a b");
            assertThat(collector.posts().getFirst().path()).isEqualTo("/here");
        }
    }
}
