package org.openkas.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Files as the packages of GitLab write them (chapter 05 §19.2 to §20). */
class InstallationFilesTest {
    private static final String OMNIBUS_HEAD = """
            gitlab:
              address: http://gitlab.example.com
              external_url: http://gitlab.example.com
              authentication_secret_file: /var/opt/gitlab/gitlab-kas/authentication_secret_file
            observability:
              listen: {address: localhost:8151, network: tcp}
              usage_reporting_period: 60s
              logging: {level: info, grpc_level: error}
            api:
              listen: {network: tcp, address: localhost:8153, authentication_secret_file: /var/opt/gitlab/gitlab-kas/authentication_secret_file}
            private_api:
              listen: {network: tcp, address: localhost:8155, authentication_secret_file: /var/opt/gitlab/gitlab-kas/private_api_authentication_secret_file}
            """;
    private static final String REDIS = """
            redis:
              network: unix
              tls: {enabled: false}
              server: {address: /var/opt/gitlab/redis/redis.socket}
            """;
    private static final String AGENT = """
            agent:
              listen: {address: localhost:8150, network: tcp, websocket: true}
              configuration: {poll_period: 300s}
              info_cache_ttl: 300s
              info_cache_error_ttl: 60s
              kubernetes_api:
                listen: {address: localhost:8154}
                url_path_prefix: /
            """;
    private static final String GITOPS = """
              gitops: {poll_period: 300s, project_info_cache_ttl: 300s, project_info_cache_error_ttl: 60s}
            """;

    @Test
    @DisplayName("CO-47: the file of Omnibus 16.5")
    void omnibus165() throws ConfigurationException {
        KasConfiguration configuration = quiet(AGENT + GITOPS + OMNIBUS_HEAD + REDIS);
        assertThat(configuration.agent().listen().address()).isEqualTo("localhost:8150");
        assertThat(configuration.agent().listen().websocket()).isTrue();
        assertThat(configuration.observability().listen().address()).isEqualTo("localhost:8151");
        assertThat(configuration.api().orElseThrow().address()).isEqualTo("localhost:8153");
        assertThat(configuration.agent().kubernetesApi().orElseThrow().listen().address()).isEqualTo("localhost:8154");
        assertThat(configuration.privateApi().orElseThrow().address()).isEqualTo("localhost:8155");
        RedisSection redis = configuration.redis().orElseThrow();
        assertThat(redis.network()).isEqualTo("unix");
        assertThat(redis.nodes()).isEqualTo(new RedisServerSection("/var/opt/gitlab/redis/redis.socket"));
        assertThat(redis.tls()).contains(new RedisTlsSection(false, Optional.empty(), Optional.empty()));
    }

    @Test
    @DisplayName("CO-48: the file of chart 7.5")
    void chart75() throws ConfigurationException {
        KasConfiguration configuration = quiet("""
                agent:
                  listen: {address: ":8150", websocket: true}
                  kubernetes_api: {listen: {address: ":8154"}, url_path_prefix: /k8s-proxy}
                gitlab:
                  address: http://gitlab-webservice-default.default.svc:8181
                  external_url: https://gitlab.example.com
                  authentication_secret_file: /etc/kas/.gitlab_kas_secret
                observability:
                  listen: {address: ":8151"}
                  liveness_probe: {url_path: /liveness}
                  readiness_probe: {url_path: /readiness}
                redis:
                  password_file: /etc/kas/redis/redis-password
                  server: {address: "gitlab-redis-master.default.svc:6379"}
                api: {listen: {address: ":8153", authentication_secret_file: /etc/kas/.gitlab_kas_secret}}
                private_api: {listen: {address: ":8155", authentication_secret_file: /etc/kas/.gitlab_kas_private_api_secret}}
                """);
        assertThat(configuration.agent().kubernetesApi().orElseThrow().urlPathPrefix()).isEqualTo("/k8s-proxy/");
        assertThat(configuration.redis().orElseThrow().passwordFile()).contains("/etc/kas/redis/redis-password");
    }

    @Test
    @DisplayName("CO-48: the file of chart 7.5 with TLS and sentinels")
    void chart75WithTls() throws ConfigurationException {
        KasConfiguration configuration = quiet("""
                agent:
                  listen: {address: ":8150", websocket: true, certificate_file: /etc/kas/tls.crt, key_file: /etc/kas/tls.key}
                  kubernetes_api:
                    listen: {address: ":8154", certificate_file: /etc/kas/tls.crt, key_file: /etc/kas/tls.key}
                    url_path_prefix: /k8s-proxy
                gitlab: {address: "http://w:8181", external_url: "https://g", authentication_secret_file: /etc/kas/.gitlab_kas_secret}
                observability: {listen: {address: ":8151"}}
                redis:
                  password_file: /etc/kas/redis/redis-password
                  sentinel: {addresses: ["s1:26379", "s2:26379"], master_name: mymaster}
                  tls: {enabled: true}
                api:
                  listen:
                    address: ":8153"
                    authentication_secret_file: /etc/kas/.gitlab_kas_secret
                    certificate_file: /etc/kas/tls.crt
                    key_file: /etc/kas/tls.key
                private_api:
                  listen:
                    address: ":8155"
                    authentication_secret_file: /etc/kas/.gitlab_kas_private_api_secret
                    certificate_file: /etc/kas/tls.crt
                    key_file: /etc/kas/tls.key
                    ca_certificate_file: /etc/ssl/certs/ca-certificates.crt
                """);
        assertThat(configuration.agent().listen().tls()).contains(new TlsFiles("/etc/kas/tls.crt", "/etc/kas/tls.key"));
        assertThat(configuration.privateApi().orElseThrow().caCertificateFile()).contains("/etc/ssl/certs/ca-certificates.crt");
        assertThat(configuration.redis().orElseThrow().nodes())
                .isEqualTo(new RedisSentinelSection("mymaster", List.of("s1:26379", "s2:26379"), Optional.empty(), Optional.empty()));
    }

    @Test
    @DisplayName("CO-49: the file of Omnibus of 2026")
    void omnibus2026() throws ConfigurationException {
        KasConfiguration configuration = quiet(
                AGENT + "    websocket_token_secret_file: /var/opt/gitlab/gitlab-kas/websocket_token\n"
                        + OMNIBUS_HEAD + """
                                redis:
                                  network: tcp
                                  username: kas
                                  tls: {enabled: true, ca_certificate_file: /ca, certificate_file: /c, key_file: /k}
                                  sentinel:
                                    master_name: gitlab-redis
                                    addresses: ["10.0.0.1:26379"]
                                    sentinel_password_file: /var/opt/gitlab/gitlab-kas/redis_sentinels_password_file
                                    tls: {enabled: true, ca_certificate_file: /ca, certificate_file: /c, key_file: /k}
                                config:
                                workspaces:
                                  enabled: false
                                """);
        assertThat(configuration.redis().orElseThrow().username()).contains("kas");
    }

    @Test
    @DisplayName("CO-50: the file of Omnibus 18.0, which still has GitOps settings")
    void omnibus180() throws ConfigurationException {
        assertThat(quiet(AGENT + GITOPS + OMNIBUS_HEAD + REDIS).agent().gitops().pollPeriod()).isEqualTo(Duration.ofMinutes(5));
    }

    @Test
    @DisplayName("NR-026: keys of newer releases are known, one unknown key is warned about")
    void newerKeys() throws ConfigurationException {
        LoadedConfiguration loaded = Loading.load(OMNIBUS_HEAD
                + """
                        agent:
                          gitops: {poll_period: 300s}
                          receptive_agent: {anything: [1, 2]}
                          kubernetes_api: {extra_allowed_response_headers: [X-One], websocket_token_secret_file: /w}
                        workspaces: {enabled: false, listen: {network: tcp, address: "localhost:8160", listen_grace_period: 1s, shutdown_grace_period: 200s}}
                        autoflow: {temporal: {host_port: x}}
                        events_platform: {}
                        config:
                        unheard_of: 1
                        redis:
                          username: u
                          sentinel: {master_name: m, addresses: [a], tls: {enabled: true}}
                        """);
        assertThat(remarks(loaded)).containsExactly("unknown key \"unheard_of\" is ignored; check its spelling and place");
    }

    @Test
    void aFileOf14StillWorks() throws ConfigurationException {
        LoadedConfiguration loaded = Loading.load("""
                agent: {listen: {address: "localhost:8150", network: 0, websocket: true}}
                gitlab: {address: "http://gitlab.example.com", authentication_secret_file: /s}
                observability: {tracing: {connection_string: "jaeger://", otlp_endpoint: "http://c"}, listen: {network: tcp4}}
                redis: {server: {address: "localhost:6379"}, pool_size: 5, idle_timeout: 50s}
                api: {listen: {network: 3, address: /run/kas.socket, authentication_secret_file: /s}}
                """);
        assertThat(loaded.configuration().api().orElseThrow().network()).isEqualTo("unix");
        assertThat(loaded.configuration().privateApi()).isEmpty();
        assertThat(remarks(loaded)).containsExactly("private_api: the section is absent: other servers cannot call this server");
    }

    private static KasConfiguration quiet(String yaml) throws ConfigurationException {
        LoadedConfiguration loaded = Loading.load(yaml);
        assertThat(remarks(loaded)).isEmpty();
        return loaded.configuration();
    }

    /** The warnings that do not merely say what the server cannot do yet. */
    private static List<String> remarks(LoadedConfiguration loaded) {
        List<String> missing = Notice.NOT_YET.stream().map(Notice::text).toList();
        return loaded.warnings().stream().filter(warning -> !missing.contains(warning)).toList();
    }
}
