package org.openkas.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Error texts as the reference gives them; ours may have a remedy in parentheses behind them. */
class ReferenceTextsTest {
    /** The least file of the reference's own answers below: columns depend on it. */
    private static final String FILE = """
            gitlab: {address: "http://x", authentication_secret_file: /nope}
            redis: {server: {address: "127.0.0.1:1"}}
            api: {listen: {authentication_secret_file: /nope}}
            private_api: {listen: {authentication_secret_file: /nope}}
            """;
    private static final String LISTEN = "invalid ConfigurationFile.Agent: embedded message failed validation | caused by: "
            + "invalid AgentCF.Listen: embedded message failed validation | caused by: invalid ListenAgentCF.";

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            agent: {listen: {address: 8080}}                        | (line 1:31): invalid value for string type: 8080
            agent: {listen: {address: yes}}                         | (line 1:31): invalid value for string type: true
            agent: {listen: {address: [a]}}                         | (line 1:31): invalid value for string type: [
            agent: {listen: {address: {a: 1}}}                      | (line 1:31): invalid value for string type: {
            agent: {listen: {websocket: "true"}}                    | (line 1:33): invalid value for bool type: "true"
            agent: {listen: {websocket: 1}}                         | (line 1:33): invalid value for bool type: 1
            agent: {listen: {connections_per_token_per_minute: "abc"}} | (line 1:56): invalid value for uint32 type: "abc"
            agent: {listen: {connections_per_token_per_minute: " 5"}} | (line 1:56): invalid value for uint32 type: " 5"
            agent: {listen: {connections_per_token_per_minute: -1}} | (line 1:56): invalid value for uint32 type: -1
            agent: {listen: {connections_per_token_per_minute: 4294967296}} | (line 1:56): invalid value for uint32 type: 4294967296
            agent: {listen: {connections_per_token_per_minute: 1.5}} | (line 1:56): invalid value for uint32 type: 1.5
            agent: {listen: {connections_per_token_per_minute: true}} | (line 1:56): invalid value for uint32 type: true
            agent: {info_cache_ttl: 5m}                             | (line 1:28): invalid google.protobuf.Duration value "5m"
            agent: {info_cache_ttl: ""}                             | (line 1:28): invalid google.protobuf.Duration value ""
            agent: {info_cache_ttl: 300}                            | syntax error (line 1:28): unexpected token 300
            agent: {info_cache_ttl: {}}                             | syntax error (line 1:28): unexpected token {
            agent: {info_cache_ttl: 315576000001s}                  | (line 1:28): google.protobuf.Duration value out of range: "315576000001s"
            agent: {info_cache_ttl: 1.0e+30}                        | syntax error (line 1:28): unexpected token 1e+30
            agent: {info_cache_ttl: 100000000000000000000000}       | syntax error (line 1:28): unexpected token 1e+23
            agent: {info_cache_ttl: 1.50}                           | syntax error (line 1:28): unexpected token 1.5
            gitaly: {global_api_rate_limit: {refill_rate_per_second: abc}} | (line 1:118): invalid value for double type: "abc"
            gitaly: {global_api_rate_limit: {refill_rate_per_second: true}} | (line 1:118): invalid value for double type: true
            observability: {logging: {level: loud}}                 | (line 1:163): invalid value for enum type: "loud"
            observability: {logging: {level: INFO}}                 | (line 1:163): invalid value for enum type: "INFO"
            observability: {logging: {level: "1"}}                  | (line 1:163): invalid value for enum type: "1"
            observability: {logging: {level: 1.5}}                  | (line 1:163): invalid value for enum type: 1.5
            agent: 5                                                | syntax error (line 1:10): unexpected token 5
            agent: []                                               | syntax error (line 1:10): unexpected token [
            agent: hello                                            | syntax error (line 1:10): unexpected token "hello"
            redis: {sentinel: {master_name: m, addresses: "a"}}     | syntax error (line 1:224): unexpected token "a"
            redis: {sentinel: {master_name: m, addresses: [1]}}     | (line 1:225): invalid value for string type: 1
            redis: {sentinel: {master_name: m, addresses: [null]}}  | (line 1:225): invalid value for string type: null
            """)
    void typeErrorsNameThePlaceInTheConvertedFile(String yaml, String text) {
        assertThat(Loading.failure(FILE + yaml)).startsWith("protojson.Unmarshal: proto: " + text + " (");
    }

    @Test
    @DisplayName("CO-6: one server and sentinels together are an error of parsing")
    void bothKindsOfRedis() {
        assertThat(Loading.failure("redis: {server: {address: x}, sentinel: {master_name: a, addresses: [b]}}")).startsWith(
                "protojson.Unmarshal: proto: (line 1:60): error parsing \"server\", oneof gitlab.agent.kascfg.RedisCF.redis_config is already set");
    }

    @Test
    void theFirstTypeErrorInTheSortedFileIsNamed() {
        assertThat(Loading.failure("redis: {database_index: x}\nagent: {listen: {websocket: 1}}"))
                .startsWith("protojson.Unmarshal: proto: (line 1:33): invalid value for bool type: 1");
    }

    @Test
    void aTypeErrorTellsTheKeyAndTheRemedy() {
        assertThat(Loading.failureWithLeast("agent: {info_cache_ttl: 5m}"))
                .endsWith("(agent.info_cache_ttl: write seconds followed by s, such as 300s)");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            null     | syntax error (line 1:1): unexpected token null
            [1]      | syntax error (line 1:1): unexpected token [
            abc      | syntax error (line 1:1): unexpected token "abc"
            5        | syntax error (line 1:1): unexpected token 5
            # words  | syntax error (line 1:1): unexpected token null
            """)
    void theFileMustBeAMapping(String yaml, String text) {
        assertThat(Loading.failure(yaml)).startsWith("protojson.Unmarshal: proto: " + text + " (");
    }

    @Test
    @DisplayName("CO-4: an empty file is an error of parsing")
    void emptyFile() {
        assertThat(Loading.failure("")).startsWith("protojson.Unmarshal: proto: syntax error (line 1:1): unexpected token null");
    }

    @Test
    @DisplayName("CO-5: an empty mapping names all sections that are required")
    void emptyMapping() {
        assertThat(Loading.failure("{}")).isEqualTo("kascfg.Validate: invalid ConfigurationFile.Gitlab: value is required; "
                + "invalid ConfigurationFile.Redis: value is required; invalid ConfigurationFile.Api: value is required; "
                + "invalid ConfigurationFile.PrivateApi: value is required");
        assertThat(Loading.failure("gitlab:\nagent:\n")).isEqualTo(Loading.failure("{}"));
    }

    @Test
    @DisplayName("CO-7: a Redis section without server and sentinel")
    void emptyRedis() {
        assertThat(Loading.failure("redis: {}")).isEqualTo("kascfg.Validate: invalid ConfigurationFile.Gitlab: value is required; "
                + "invalid ConfigurationFile.Redis: embedded message failed validation | caused by: invalid RedisCF.RedisConfig: value is required; "
                + "invalid ConfigurationFile.Api: value is required; invalid ConfigurationFile.PrivateApi: value is required");
        assertThat(Loading.failure(FILE + "redis: {server: null}"))
                .isEqualTo("kascfg.Validate: invalid ConfigurationFile.Redis: embedded message failed validation | caused by: "
                        + "invalid RedisCF.RedisConfig: value is required");
    }

    @Test
    void violationsInsideAnAbsentParentAreStillCollected() {
        assertThat(Loading.failure("agent: {listen: {max_connection_age: 0s, listen_grace_period: 0s}, info_cache_ttl: -1s}"))
                .isEqualTo("kascfg.Validate: invalid ConfigurationFile.Gitlab: value is required; " + LISTEN
                        + "MaxConnectionAge: value must be greater than 0s; invalid ListenAgentCF.ListenGracePeriod: value must be greater than 0s; "
                        + "invalid AgentCF.InfoCacheTtl: value must be greater than or equal to 0s; "
                        + "invalid ConfigurationFile.Redis: value is required; invalid ConfigurationFile.Api: value is required; "
                        + "invalid ConfigurationFile.PrivateApi: value is required");
    }

    @Test
    void optionalFieldsComeLast() {
        assertThat(Loading.failure(FILE + "agent: {listen: {network: '', max_connection_age: 0s, listen_grace_period: -1s}}"))
                .isEqualTo("kascfg.Validate: " + LISTEN
                        + "MaxConnectionAge: value must be greater than 0s; invalid ListenAgentCF.ListenGracePeriod: value must be greater than 0s; "
                        + "invalid ListenAgentCF.Network: value must be in list [tcp tcp4 tcp6 unix]");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            a: 1\\n\\tb: 2    | YAMLToJSON: yaml: line 2: found character that cannot start any token
            a: [1            | YAMLToJSON: yaml: did not find expected ',' or ']'
            agent: {x: .inf} | YAMLToJSON: json: unsupported value: +Inf
            agent: {x: .nan} | YAMLToJSON: json: unsupported value: NaN
            """)
    void textThatIsNoYaml(String yaml, String text) {
        assertThat(Loading.failure(yaml.translateEscapes())).startsWith(text);
    }

    @Test
    @DisplayName("CO-9: the greatest age of a connection must be greater than zero")
    void noAge() {
        assertThat(Loading.failureWithLeast("agent: {listen: {max_connection_age: 0s}}"))
                .isEqualTo("kascfg.Validate: " + LISTEN + "MaxConnectionAge: value must be greater than 0s");
    }

    @Test
    @DisplayName("CO-11: records in Redis must be renewed before they expire, defaults included")
    void refreshSlowerThanTtl() {
        assertThat(Loading.failureWithLeast("agent: {redis_conn_info_ttl: 200s}"))
                .isEqualTo("kascfg.ValidateExtra: invalid AgentCF.RedisConnInfoRefresh: must be smaller than RedisConnInfoTtl"
                        + " (agent.redis_conn_info_refresh is 240s, agent.redis_conn_info_ttl is 200s)");
        assertThat(Loading.failureWithLeast("agent: {redis_conn_info_ttl: 240s}")).startsWith("kascfg.ValidateExtra: ");
    }

    @Test
    @DisplayName("CO-20: a certificate without its key")
    void halfAPair() {
        assertThat(Loading.failureWithLeast("agent: {listen: {certificate_file: /c.pem}}"))
                .isEqualTo("agent server: both certificate file (/c.pem) and key file () must be either specified or not");
    }
}
