package org.openkas.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AgentSectionTest {
    private static final String AGENT = "kascfg.Validate: invalid ConfigurationFile.Agent: embedded message failed validation | caused by: ";

    @Test
    void defaults() throws ConfigurationException {
        assertThat(Loading.withLeast("").agent()).isEqualTo(new AgentSection(
                new AgentListenSection("tcp", "127.0.0.1:8150", false, Optional.empty(), 40_000, Duration.ofSeconds(7200),
                        Duration.ofSeconds(5)),
                new AgentConfigurationSection(Duration.ofSeconds(300), 131_072),
                new GitopsSection(Duration.ofSeconds(300), Duration.ofSeconds(300), Duration.ofSeconds(60), 5_242_880, 20_971_520, 100,
                        1000),
                Duration.ofSeconds(300), Duration.ofSeconds(60), Duration.ofSeconds(300), Duration.ofSeconds(300), Duration.ofSeconds(240),
                Duration.ofSeconds(600), Optional.empty(), new JobRouterSection(false), Map.of()));
    }

    @Test
    void defaultsOfAnEmptyKubernetesApi() throws ConfigurationException {
        assertThat(Loading.withLeast("agent: {kubernetes_api: {}}").agent().kubernetesApi()).contains(new KubernetesApiSection(
                new KubernetesApiListenSection("tcp", "0.0.0.0:8154", Optional.empty(), Duration.ofSeconds(5), Duration.ofSeconds(3600)),
                "/",
                Duration.ofSeconds(60), Duration.ofSeconds(10), Optional.empty(), List.of()));
    }

    @Test
    @DisplayName("NR-010: an alias for a method, with or without slashes in front")
    void explicitValues() throws ConfigurationException {
        assertThat(Loading.withLeast("""
                agent:
                  listen:
                    network: unix
                    address: /run/agent.socket
                    websocket: true
                    certificate_file: /c
                    key_file: /k
                    connections_per_token_per_minute: 7
                    max_connection_age: 1800s
                    listen_grace_period: 1s
                  configuration: {poll_period: 20s, max_configuration_file_size: 10}
                  gitops:
                    poll_period: 21s
                    project_info_cache_ttl: 0s
                    project_info_cache_error_ttl: 2s
                    max_manifest_file_size: 1
                    max_total_manifest_file_size: 2
                    max_number_of_paths: 3
                    max_number_of_files: 4
                  info_cache_ttl: 0s
                  info_cache_error_ttl: 3s
                  info_cache_stale_ttl: 0s
                  redis_conn_info_ttl: 90s
                  redis_conn_info_refresh: 30s
                  redis_conn_info_gc: 91s
                  remote_development: {poll_period: 5s}
                  job_router: {enabled: true}
                  method_aliases:
                    gitlab.agent.new_tunnel.rpc.ReverseTunnel/Connect: /gitlab.agent.reverse_tunnel.rpc.ReverseTunnel/Connect
                """).agent()).isEqualTo(new AgentSection(
                new AgentListenSection("unix", "/run/agent.socket", true, Optional.of(new TlsFiles("/c", "/k")), 7,
                        Duration.ofSeconds(1800),
                        Duration.ofSeconds(1)),
                new AgentConfigurationSection(Duration.ofSeconds(20), 10),
                new GitopsSection(Duration.ofSeconds(21), Duration.ZERO, Duration.ofSeconds(2), 1, 2, 3, 4), Duration.ZERO,
                Duration.ofSeconds(3), Duration.ZERO, Duration.ofSeconds(90), Duration.ofSeconds(30), Duration.ofSeconds(91),
                Optional.empty(), new JobRouterSection(true),
                Map.of("gitlab.agent.new_tunnel.rpc.ReverseTunnel/Connect", "gitlab.agent.reverse_tunnel.rpc.ReverseTunnel/Connect")));
    }

    @Test
    void explicitKubernetesApi() throws ConfigurationException {
        assertThat(Loading.withLeast("""
                agent:
                  kubernetes_api:
                    listen:
                      network: tcp6
                      address: "[::1]:1"
                      certificate_file: /c
                      key_file: /k
                      listen_grace_period: 2s
                      shutdown_grace_period: 3s
                    url_path_prefix: k8s
                    allowed_agent_cache_ttl: 0s
                    allowed_agent_cache_error_ttl: 4s
                    websocket_token_secret_file: /w
                    extra_allowed_response_headers: [A, B]
                """).agent().kubernetesApi()).contains(new KubernetesApiSection(
                new KubernetesApiListenSection("tcp6", "[::1]:1", Optional.of(new TlsFiles("/c", "/k")), Duration.ofSeconds(2),
                        Duration.ofSeconds(3)),
                "k8s/", Duration.ZERO, Duration.ofSeconds(4), Optional.of("/w"), List.of("A", "B")));
    }

    @Test
    void zeroMeansTheDefaultForPlainNumbers() throws ConfigurationException {
        AgentSection agent = Loading.withLeast("""
                agent:
                  listen: {connections_per_token_per_minute: 0, address: ''}
                  configuration: {max_configuration_file_size: 0}
                  gitops: {max_number_of_files: 0}
                  kubernetes_api: {url_path_prefix: ''}
                """).agent();
        assertThat(agent.listen().connectionsPerTokenPerMinute()).isEqualTo(40_000);
        assertThat(agent.listen().address()).isEqualTo("127.0.0.1:8150");
        assertThat(agent.configuration().maxConfigurationFileSize()).isEqualTo(131_072);
        assertThat(agent.gitops().maxNumberOfFiles()).isEqualTo(1000);
        assertThat(agent.kubernetesApi().orElseThrow().urlPathPrefix()).isEqualTo("/");
    }

    @ParameterizedTest
    @ValueSource(strings = {"250", "\"250\"", "250.0", "\"2.5e2\"", "0xfa"})
    void wholeNumbersMayBeWrittenInSeveralWays(String number) throws ConfigurationException {
        assertThat(Loading.withLeast("agent: {gitops: {max_number_of_paths: " + number + "}}").agent().gitops().maxNumberOfPaths())
                .isEqualTo(250);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            listen: {network: udp}                          | Listen | ListenAgentCF.Network: value must be in list [tcp tcp4 tcp6 unix]
            listen: {listen_grace_period: 0s}               | Listen | ListenAgentCF.ListenGracePeriod: value must be greater than 0s
            configuration: {poll_period: 0s}                | Configuration | AgentConfigurationCF.PollPeriod: value must be greater than 0s
            gitops: {poll_period: 0s}                       | Gitops | GitopsCF.PollPeriod: value must be greater than 0s
            gitops: {project_info_cache_ttl: -1s}           | Gitops | GitopsCF.ProjectInfoCacheTtl: value must be greater than or equal to 0s
            gitops: {project_info_cache_error_ttl: 0s}      | Gitops | GitopsCF.ProjectInfoCacheErrorTtl: value must be greater than 0s
            kubernetes_api: {allowed_agent_cache_ttl: -1s}  | KubernetesApi | KubernetesApiCF.AllowedAgentCacheTtl: value must be greater than or equal to 0s
            kubernetes_api: {allowed_agent_cache_error_ttl: 0s} | KubernetesApi | KubernetesApiCF.AllowedAgentCacheErrorTtl: value must be greater than 0s
            remote_development: {poll_period: 0s}           | RemoteDevelopment | RemoteDevelopmentCF.PollPeriod: value must be greater than 0s
            """)
    void violationsInside(String yaml, String section, String text) {
        assertThat(Loading.failureWithLeast("agent: {" + yaml + "}"))
                .isEqualTo(AGENT + "invalid AgentCF." + section + ": embedded message failed validation | caused by: invalid " + text);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            info_cache_ttl: -1s          | AgentCF.InfoCacheTtl: value must be greater than or equal to 0s
            info_cache_error_ttl: 0s     | AgentCF.InfoCacheErrorTtl: value must be greater than 0s
            info_cache_stale_ttl: -1s    | AgentCF.InfoCacheStaleTtl: value must be greater than or equal to 0s
            redis_conn_info_refresh: 0s  | AgentCF.RedisConnInfoRefresh: value must be greater than 0s
            redis_conn_info_gc: 0s       | AgentCF.RedisConnInfoGc: value must be greater than 0s
            method_aliases: {Connect: a.B/c} | AgentCF.MethodAliases[Connect]: both names must be full method names, such as gitlab.agent.example.rpc.Example/Method
            """)
    void violations(String yaml, String text) {
        assertThat(Loading.failureWithLeast("agent: {" + yaml + "}")).isEqualTo(AGENT + "invalid " + text);
    }

    @Test
    void violationsOfTheKubernetesApiListener() {
        assertThat(Loading
                .failureWithLeast("agent: {kubernetes_api: {listen: {shutdown_grace_period: 0s, listen_grace_period: 0s, network: x}}}"))
                .endsWith("invalid ListenKubernetesApiCF.ListenGracePeriod: value must be greater than 0s; "
                        + "invalid ListenKubernetesApiCF.ShutdownGracePeriod: value must be greater than 0s; "
                        + "invalid ListenKubernetesApiCF.Network: value must be in list [tcp tcp4 tcp6 unix]");
        assertThat(Loading.failureWithLeast("agent: {kubernetes_api: {listen: {key_file: /k}}}"))
                .isEqualTo("kubernetes_api: both certificate file () and key file (/k) must be either specified or not");
    }
}
