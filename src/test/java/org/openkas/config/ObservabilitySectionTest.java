package org.openkas.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.openkas.common.LogLevel;

class ObservabilitySectionTest {

    @Test
    void defaults() throws ConfigurationException {
        assertThat(Loading.withLeast("").observability()).isEqualTo(new ObservabilitySection(Duration.ofSeconds(60),
                new ObservabilityListenSection("tcp", "127.0.0.1:8151", Optional.empty()), "/metrics", Optional.empty(),
                new SentrySection("", ""), new LoggingSection(LogLevel.INFO, LogLevel.ERROR),
                new GoogleProfilerSection(false, "", "", false),
                "/liveness", "/readiness"));
    }

    @Test
    void explicitValues() throws ConfigurationException {
        assertThat(Loading.withLeast("""
                observability:
                  usage_reporting_period: 10s
                  listen: {network: unix, address: /o.socket, certificate_file: /c, key_file: /k}
                  prometheus: {url_path: /m}
                  tracing: {otlp_endpoint: "https://c/v1", otlp_token_secret_file: /t, otlp_ca_certificate_file: /a}
                  sentry: {dsn: "https://key@s/1", environment: test}
                  logging: {level: debug, grpc_level: info}
                  google_profiler: {enabled: true, project_id: p, credentials_file: /g, debug_logging: true}
                  liveness_probe: {url_path: /l}
                  readiness_probe: {url_path: /r}
                """).observability()).isEqualTo(new ObservabilitySection(Duration.ofSeconds(10),
                new ObservabilityListenSection("unix", "/o.socket", Optional.of(new TlsFiles("/c", "/k"))), "/m",
                Optional.of(new TracingSection("https://c/v1", Optional.of("/t"), Optional.of("/a"))),
                new SentrySection("https://key@s/1", "test"), new LoggingSection(LogLevel.DEBUG, LogLevel.INFO),
                new GoogleProfilerSection(true, "p", "/g", true), "/l", "/r"));
    }

    @Test
    void levelsMayBeNumbers() throws ConfigurationException {
        assertThat(Loading.withLeast("observability: {logging: {level: 2, grpc_level: 1}}").observability().logging())
                .isEqualTo(new LoggingSection(LogLevel.WARN, LogLevel.DEBUG));
        assertThat(Loading.failureWithLeast("observability: {logging: {level: 7}}")).contains("invalid value for enum type: 7");
    }

    @Test
    void violations() {
        assertThat(Loading.failureWithLeast("""
                observability:
                  usage_reporting_period: -1s
                  listen: {network: x, certificate_file: "", key_file: ""}
                  tracing: {otlp_token_secret_file: "", otlp_ca_certificate_file: ""}
                """)).isEqualTo("kascfg.Validate: invalid ConfigurationFile.Observability: embedded message failed validation | caused by: "
                + "invalid ObservabilityCF.UsageReportingPeriod: value must be greater than or equal to 0s; "
                + "invalid ObservabilityCF.Listen: embedded message failed validation | caused by: "
                + "invalid ObservabilityListenCF.Network: value must be in list [tcp tcp4 tcp6 unix]; "
                + "invalid ObservabilityListenCF.CertificateFile: value length must be at least 1 bytes; "
                + "invalid ObservabilityListenCF.KeyFile: value length must be at least 1 bytes; "
                + "invalid ObservabilityCF.Tracing: embedded message failed validation | caused by: "
                + "invalid TracingCF.OtlpEndpoint: value length must be at least 1 bytes; "
                + "invalid TracingCF.OtlpTokenSecretFile: value length must be at least 1 bytes; "
                + "invalid TracingCF.OtlpCaCertificateFile: value length must be at least 1 bytes");
    }

    @Test
    void halfAPairOfFiles() {
        assertThat(Loading.failureWithLeast("observability: {listen: {certificate_file: /c}}"))
                .isEqualTo("observability: both certificate file (/c) and key file () must be either specified or not");
    }

    @Test
    void theKeyInsideASentryDsnIsNotPrinted() throws ConfigurationException {
        assertThat(Loading.withLeast("observability: {sentry: {dsn: 'https://topsecret@s/1'}}").toString()).doesNotContain("topsecret");
    }
}
