package org.openkas.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LibertyPortsTest {
    private static Map<String, String> variables(Map<String, String> environment) throws AbortedException {
        return LibertyPorts.variables(environment, Path.of("https.xml"), new Random(1));
    }

    @Test
    void httpsBringsAKeyStoreOfItsOwn() throws AbortedException {
        assertThat(variables(Map.of("OPENKAS_HTTPS_PORT", "443"))).containsEntry("openkas.https.port", "443")
                .containsEntry("openkas.https.include", "https.xml").doesNotContainKey("openkas.https.keystore.file")
                .hasEntrySatisfying("openkas.https.keystore.password", password -> assertThat(password).hasSizeGreaterThan(16));
    }

    @Test
    void orTakesTheOperators(@TempDir Path directory) throws Exception {
        String file = Files.writeString(directory.resolve("k.p12"), "").toString();
        assertThat(
                variables(Map.of("OPENKAS_HTTPS_PORT", "443", "OPENKAS_HTTPS_KEYSTORE_FILE", file, "OPENKAS_HTTPS_KEYSTORE_PASSWORD", "p")))
                .containsEntry("openkas.https.keystore.file", file).containsEntry("openkas.https.keystore.password", "p");
        assertThatExceptionOfType(AbortedException.class)
                .isThrownBy(() -> variables(Map.of("OPENKAS_HTTPS_PORT", "443", "OPENKAS_HTTPS_KEYSTORE_FILE", file + "x")))
                .withMessageStartingWith("OPENKAS_HTTPS_KEYSTORE_FILE: " + file + "x cannot be read");
    }

    @Test
    void nothingSetMeansTheDefaultsOfTheServersXml() throws AbortedException {
        assertThat(variables(Map.of())).isEmpty();
    }

    @Test
    void setPortsAndHostAreTaken() throws AbortedException {
        assertThat(variables(Map.of("OPENKAS_HTTP_PORT", " 80 ", "OPENKAS_HTTP_HOST", "*")))
                .isEqualTo(Map.of("openkas.http.port", "80", "openkas.http.host", "*"));
    }

    @Test
    void emptySwitchesAPortOff() throws AbortedException {
        assertThat(variables(Map.of("OPENKAS_HTTP_PORT", "", "OPENKAS_HTTPS_PORT", " ")))
                .isEqualTo(Map.of("openkas.http.port", "-1", "openkas.https.port", "-1"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"http", "0", "65536", "-1"})
    void anythingElseIsRefusedByName(String text) {
        assertThatExceptionOfType(AbortedException.class).isThrownBy(() -> variables(Map.of("OPENKAS_HTTP_PORT", text)))
                .withMessageStartingWith("OPENKAS_HTTP_PORT: \"" + text + "\" is not a port: use a number");
    }
}
