package org.openkas.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.junit.jupiter.api.Test;

class ProcessPropertiesTest {
    private static Optional<String> value(Map<String, String> system, Map<String, String> environment) {
        Properties properties = new Properties();
        properties.putAll(system);
        return new ProcessProperties(properties, environment).value("openkas.agent.info_cache_ttl");
    }

    @Test
    void variablesAreFoundByTheRulesOfMicroProfileConfig() {
        assertThat(value(Map.of(), Map.of("openkas.agent.info_cache_ttl", "1s"))).contains("1s");
        assertThat(value(Map.of(), Map.of("openkas_agent_info_cache_ttl", "1s"))).contains("1s");
        assertThat(value(Map.of(), Map.of("OPENKAS_AGENT_INFO_CACHE_TTL", "1s"))).contains("1s");
    }

    @Test
    void systemPropertiesWin() {
        assertThat(value(Map.of("openkas.agent.info_cache_ttl", "2s"), Map.of("OPENKAS_AGENT_INFO_CACHE_TTL", "1s"))).contains("2s");
    }

    @Test
    void emptyMeansNotSet() {
        assertThat(value(Map.of(), Map.of("OPENKAS_AGENT_INFO_CACHE_TTL", ""))).isEmpty();
        assertThat(value(Map.of(), Map.of())).isEmpty();
    }
}
