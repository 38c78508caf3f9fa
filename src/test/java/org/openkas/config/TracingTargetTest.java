package org.openkas.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TracingTargetTest {
    @TempDir
    Path directory;

    private static TracingTarget target(String endpoint) throws ConfigurationException {
        return TracingTarget.of(new TracingSection(endpoint, Optional.empty(), Optional.empty()));
    }

    @ParameterizedTest
    @DisplayName("CO-52: an endpoint of another scheme, or none, is refused in the reference's words")
    @CsvSource(delimiter = '|', value = {
            "ftp://x/y     | unsupported schema of tracing url \"ftp\", only `http` and `https` are permitted",
            "/x            | unsupported schema of tracing url \"\", only `http` and `https` are permitted",
            "x y           | unsupported schema of tracing url \"\", only `http` and `https` are permitted",
            "c:4318        | unsupported schema of tracing url \"c\", only `http` and `https` are permitted",
            "http://a b/   | parsing tracing url http://a b/ failed: parse \"http://a b/\": invalid character \" \" in host name",
            "://x          | parsing tracing url ://x failed: parse \"://x\": missing protocol scheme",
            "http://%zz/   | parsing tracing url http://%zz/ failed: parse \"http://%zz/\": invalid URL escape \"%zz\"",
            "http://[::1   | parsing tracing url http://[::1 failed: parse \"http://[::1\": missing ']' in host",
            "http:///x     | parsing tracing url http:///x failed: it names no host"})
    void refused(String endpoint, String message) {
        assertThatThrownBy(() -> target(endpoint)).isInstanceOf(ConfigurationException.class).hasMessage(message);
    }

    @ParameterizedTest
    @DisplayName("host, port and path count as given; without a path it is the usual one")
    @CsvSource({"http://c:4318/a/b?x=1#y,http://c:4318/a/b", "HTTP://c/,http://c/", "https://c,https://c/v1/traces",
            "http://u:p@[::1]:4318/%2Fa/,http://[::1]:4318/%2Fa/"})
    void accepted(String endpoint, String uri) throws ConfigurationException {
        assertThat(target(endpoint).uri()).hasToString(uri);
    }

    @Test
    @DisplayName("CO-54: white space around the token does not count, and nobody prints it")
    void token() throws Exception {
        Path file = Files.writeString(directory.resolve("token"), " glpat-abc\n");
        TracingTarget target = TracingTarget.of(new TracingSection("http://c", Optional.of(file.toString()), Optional.empty()));
        assertThat(target.token().orElseThrow().text()).isEqualTo("glpat-abc");
        assertThat(target.toString()).doesNotContain("glpat");
        assertThatThrownBy(() -> TracingTarget.of(new TracingSection("http://c", Optional.of("/none"), Optional.empty())))
                .hasMessage("unable to read OTLP token from \"/none\": open /none: no such file or directory");
        Files.writeString(file, "secret\nsecret");
        assertThatThrownBy(() -> TracingTarget.of(new TracingSection("http://c", Optional.of(file.toString()), Optional.empty())))
                .hasMessageContaining("no header can carry").hasMessageNotContaining("secret\n");
    }
}
