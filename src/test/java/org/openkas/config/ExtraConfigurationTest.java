package org.openkas.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ExtraConfigurationTest {
    @TempDir
    private Path directory;

    @Test
    void theOutputIsLaidOverTheFile() throws ConfigurationException {
        RedisSection redis = Loading.withLeast("""
                config: {command: ["/bin/sh", "-c", "echo 'redis: {server: {address: other:1}, username: kas}'"]}
                """).redis().orElseThrow();
        assertThat(redis.nodes()).isEqualTo(new RedisServerSection("other:1"));
        assertThat(redis.username()).contains("kas");
    }

    @Test
    void mappingsAreMergedAndTheRestReplaced() throws ConfigurationException {
        AgentSection agent = Loading.withLeast("""
                agent: {info_cache_ttl: 1s, listen: {address: ":1", websocket: true}}
                config: {command: "echo 'agent: {listen: {address: \\":2\\"}}'"}
                """).agent();
        assertThat(agent.infoCacheTtl()).isEqualTo(Duration.ofSeconds(1));
        assertThat(agent.listen().websocket()).isTrue();
        assertThat(agent.listen().address()).isEqualTo(":2");
    }

    @Test
    void aPropertyWinsOverTheCommandAndMayNameIt() throws ConfigurationException {
        Map<String, String> properties = Map.of("openkas.config.command", "echo 'redis: {username: a, key_prefix: b}'",
                "openkas.redis.username", "c");
        RedisSection redis = Loading.load(Loading.LEAST, properties).configuration().redis().orElseThrow();
        assertThat(redis.username()).contains("c");
        assertThat(redis.keyPrefix()).isEqualTo("b");
    }

    @ParameterizedTest
    @ValueSource(strings = {"config:", "config: {}", "config: {command: }", "config: {command: []}", "config: {command: 'true'}"})
    void noCommandOrNoOutputChangesNothing(String yaml) throws ConfigurationException {
        assertThat(Loading.withLeast(yaml)).isEqualTo(Loading.withLeast(""));
    }

    @Test
    void aFailureShowsTheStatusAndTheFirstLineOfErrors() {
        assertThat(Loading.failureWithLeast("config: {command: \"echo topsecret; echo; echo 'no vault' >&2; echo more >&2; exit 3\"}"))
                .isEqualTo("config.command: the command ended with exit status 3: no vault");
        assertThat(Loading.failureWithLeast("config: {command: 'exit 4'}"))
                .isEqualTo("config.command: the command ended with exit status 4: no error text");
    }

    @Test
    void aProgramThatDoesNotExist() {
        assertThat(Loading.failureWithLeast("config: {command: [/no/such/program]}"))
                .matches("config\\.command: cannot start /no/such/program: .*No such file or directory.*");
    }

    @Test
    void outputOfAnotherForm() {
        assertThat(Loading.failureWithLeast("config: {command: 'echo topsecret'}"))
                .isEqualTo("config.command: the output must be a mapping of keys to values");
        assertThat(Loading.failureWithLeast("config: {command: 'echo \"a: [\"'}"))
                .startsWith("config.command: output: YAMLToJSON: yaml: line ");
        assertThat(Loading.failureWithLeast("config: {command: 5}")).contains("unexpected token 5");
    }

    @Test
    void aCommandMustEnd() throws IOException {
        assertThat(impatientFailure("sleep 60; true")).isEqualTo("config.command: the command did not end within 0.3s");
    }

    @Test
    @Timeout(10)
    void aChildThatKeepsTheOutputOpenIsNotWaitedFor() throws IOException {
        Path file = Files.writeString(directory.resolve("kas.yaml"), Loading.LEAST + "config: {command: \"sleep 60 & echo 'a: 1'\"}");
        ConfigurationLoader impatient = new ConfigurationLoader(Duration.ofMillis(300));
        try {
            // the JVM may have taken over what the command wrote before anybody read it: then all of it is there
            assertThat(impatient.load(Optional.of(file), PropertySource.none()).warnings()).anyMatch(warning -> warning.contains("\"a\""));
        } catch (ConfigurationException e) {
            assertThat(e).hasMessage("config.command: the command ended but left its output open for 0.3s");
        }
    }

    private String impatientFailure(String command) throws IOException {
        Path file = Files.writeString(directory.resolve("kas.yaml"), Loading.LEAST + "config: {command: \"" + command + "\"}");
        ConfigurationLoader impatient = new ConfigurationLoader(Duration.ofMillis(300));
        return catchThrowableOfType(ConfigurationException.class, () -> impatient.load(Optional.of(file), PropertySource.none()))
                .getMessage();
    }
}
