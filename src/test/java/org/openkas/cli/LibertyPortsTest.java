package org.openkas.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LibertyPortsTest {
    @Test
    void nothingSetMeansTheDefaultsOfTheServersXml() throws AbortedException {
        assertThat(LibertyPorts.variables(Map.of())).isEmpty();
    }

    @Test
    void setPortsAndHostAreTaken() throws AbortedException {
        assertThat(LibertyPorts.variables(Map.of("OPENKAS_HTTP_PORT", " 80 ", "OPENKAS_HTTPS_PORT", "443", "OPENKAS_HTTP_HOST", "*")))
                .isEqualTo(Map.of("openkas.http.port", "80", "openkas.https.port", "443", "openkas.http.host", "*"));
    }

    @Test
    void emptySwitchesAPortOff() throws AbortedException {
        assertThat(LibertyPorts.variables(Map.of("OPENKAS_HTTP_PORT", ""))).isEqualTo(Map.of("openkas.http.port", "-1"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"http", "0", "65536", "-1"})
    void anythingElseIsRefusedByName(String text) {
        assertThatExceptionOfType(AbortedException.class).isThrownBy(() -> LibertyPorts.variables(Map.of("OPENKAS_HTTP_PORT", text)))
                .withMessageStartingWith("OPENKAS_HTTP_PORT: \"" + text + "\" is not a port: use a number");
    }
}
