package org.openkas.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.openkas.common.LogLevel;

class PropertyOverlayTest {

    @Test
    void aPropertyWinsOverTheFile() throws ConfigurationException {
        KasConfiguration configuration = Loading.load(Loading.LEAST + "agent: {listen: {address: ':1'}}",
                Map.of("openkas.agent.listen.address",
                        ":2", "openkas.agent.listen.max_connection_age", "10s", "openkas.agent.listen.connections_per_token_per_minute",
                        "5",
                        "openkas.agent.listen.websocket", "true", "openkas.gitaly.global_api_rate_limit.refill_rate_per_second", "0.5",
                        "openkas.observability.logging.level", "debug"))
                .configuration();
        AgentListenSection listen = configuration.agent().listen();
        assertThat(listen.address()).isEqualTo(":2");
        assertThat(listen.maxConnectionAge()).isEqualTo(Duration.ofSeconds(10));
        assertThat(listen.connectionsPerTokenPerMinute()).isEqualTo(5);
        assertThat(listen.websocket()).isTrue();
        assertThat(configuration.gitaly().globalApiRateLimit().refillRatePerSecond()).isEqualTo(0.5);
        assertThat(configuration.observability().logging().level()).isEqualTo(LogLevel.DEBUG);
    }

    @Test
    void listsAndMappings() throws ConfigurationException {
        AgentSection agent = Loading
                .load(Loading.LEAST, Map.of("openkas.agent.kubernetes_api.extra_allowed_response_headers", "X-One, X-Two",
                        "openkas.agent.method_aliases", "a.B/C=d.E/F, g.H/I=j.K/L"))
                .configuration().agent();
        assertThat(agent.kubernetesApi().orElseThrow().extraAllowedResponseHeaders()).isEqualTo(List.of("X-One", "X-Two"));
        assertThat(agent.methodAliases()).containsOnly(Map.entry("a.B/C", "d.E/F"), Map.entry("g.H/I", "j.K/L"));
        assertThat(Loading.failure(Loading.LEAST, Map.of("openkas.agent.method_aliases", "a.B/C")))
                .contains("invalid AgentCF.MethodAliases[a.B/C]: ");
    }

    @Test
    void aSectionWithoutKeysCanBeMade() throws ConfigurationException {
        for (String name : List.of("openkas.agent.kubernetes_api.enabled", "openkas.agent.kubernetes_api.listen.enabled")) {
            assertThat(Loading.load(Loading.LEAST, Map.of(name, "true")).configuration().agent().kubernetesApi()).isPresent();
        }
    }

    @Test
    void aSectionOfTheFileCanBeTakenAway() throws ConfigurationException {
        String yaml = Loading.LEAST + "agent: {kubernetes_api: {url_path_prefix: /x}}";
        assertThat(Loading.load(yaml, Map.of("openkas.agent.kubernetes_api.enabled", "false")).configuration().agent().kubernetesApi())
                .isEmpty();
        assertThat(Loading.load(yaml, Map.of("openkas.agent.kubernetes_api.enabled", "true")).configuration().agent().kubernetesApi()
                .orElseThrow()
                .urlPathPrefix()).isEqualTo("/x/");
        Map<String, String> sentinelInstead = Map.of("openkas.redis.server.enabled", "false", "openkas.redis.sentinel.master_name", "m",
                "openkas.redis.sentinel.addresses", "a:1,b:2");
        assertThat(Loading.load(Loading.LEAST, sentinelInstead).configuration().redis().orElseThrow().nodes())
                .isInstanceOf(RedisSentinelSection.class);
    }

    @Test
    void aKeyNamedEnabledIsTheKeyNotTheSection() throws ConfigurationException {
        RedisSection redis = Loading.load(Loading.LEAST, Map.of("openkas.redis.tls.enabled", "false")).configuration().redis()
                .orElseThrow();
        assertThat(redis.tls()).isPresent().get().extracting(RedisTlsSection::enabled).isEqualTo(false);
    }

    @Test
    void valuesAreValidatedLikeThoseOfTheFile() {
        assertThat(Loading.failure(Loading.LEAST, Map.of("openkas.agent.listen.max_connection_age", "0s")))
                .endsWith("invalid ListenAgentCF.MaxConnectionAge: value must be greater than 0s");
        assertThat(Loading.failure(Loading.LEAST, Map.of("openkas.agent.listen.websocket", "maybe")))
                .contains("invalid value for bool type: \"maybe\"")
                .endsWith("(property openkas.agent.listen.websocket: write true or false without quotes)");
        assertThat(Loading.failure(Loading.LEAST, Map.of("openkas.agent.kubernetes_api.enabled", "maybe")))
                .isEqualTo("property openkas.agent.kubernetes_api.enabled: write true or false, not \"maybe\"");
    }

    @Test
    void aPropertyDoesNotHideThatTheFileIsWrong() {
        assertThat(Loading.failure(Loading.LEAST + "agent: 5", Map.of("openkas.agent.listen.address", ":1")))
                .contains("unexpected token 5");
    }

    @Test
    void everyKeyHasItsOwnNames() {
        List<SettingKey> keys = ConfigurationLoader.keys();
        assertThat(keys).filteredOn(key -> key.path().equals("agent.listen.address")).singleElement().satisfies(key -> {
            assertThat(key.propertyName()).isEqualTo("openkas.agent.listen.address");
            assertThat(key.environmentName()).isEqualTo("OPENKAS_AGENT_LISTEN_ADDRESS");
        });
        List<SettingKey> values = keys.stream().filter(key -> key.form() == SettingKey.Form.VALUE).toList();
        assertThat(values).extracting(SettingKey::environmentName).doesNotHaveDuplicates();
    }
}
