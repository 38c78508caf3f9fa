package org.openkas.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigurationLoaderTest {
    @TempDir
    private Path directory;

    @Test
    @DisplayName("CO-3: a file that does not exist is named")
    void noFile() {
        Path file = directory.resolve("none.yaml");
        assertThatThrownBy(() -> new ConfigurationLoader().load(Optional.of(file), PropertySource.none()))
                .isInstanceOf(ConfigurationException.class).hasMessage("configuration file: open " + file + ": no such file or directory");
    }

    @Test
    void aDirectoryIsNoFile() {
        assertThatThrownBy(() -> new ConfigurationLoader().load(Optional.of(directory), PropertySource.none()))
                .hasMessage("configuration file: read " + directory + ": is a directory");
    }

    @Test
    void aPropertyNamesTheFile() throws ConfigurationException, IOException {
        Path file = Files.writeString(directory.resolve("kas.yaml"), Loading.LEAST);
        PropertySource properties = name -> name.equals("openkas.configuration.file") ? Optional.of(file.toString()) : Optional.empty();
        assertThat(new ConfigurationLoader().load(Optional.empty(), properties).configuration().gitlab()).isPresent();
    }

    @Test
    void withoutAnyFileThePropertiesAreEverything() throws ConfigurationException {
        Map<String, String> properties = Map.of("openkas.standalone.agents_file", "/agents.yaml");
        assertThat(new ConfigurationLoader().load(Optional.empty(), name -> Optional.ofNullable(properties.get(name))).configuration()
                .standalone()).contains(new StandaloneSection("/agents.yaml"));
    }

    @Test
    void aFileInAnotherCharacterSetIsRefused() throws IOException {
        Path file = Files.write(directory.resolve("kas.yaml"), "agent: \u00e4".getBytes(StandardCharsets.ISO_8859_1));
        assertThatThrownBy(() -> new ConfigurationLoader().load(Optional.of(file), PropertySource.none()))
                .hasMessageStartingWith("YAMLToJSON: yaml: invalid leading UTF-8 octet");
    }

    @Test
    void aFileInUtf16IsRead() throws Exception {
        Path file = Files.write(directory.resolve("kas.yaml"), Loading.LEAST.getBytes(StandardCharsets.UTF_16));
        assertThat(new ConfigurationLoader().load(Optional.of(file), PropertySource.none()).configuration().gitlab()).isPresent();
    }

    @Test
    void aByteOrderMarkDoesNoHarm() throws ConfigurationException {
        assertThat(Loading.load("\ufeff" + Loading.LEAST).configuration().gitlab()).isPresent();
    }

    @Test
    @DisplayName("CO-8: durations are seconds, quoted or not")
    void durations() throws ConfigurationException {
        assertThat(Loading.withLeast("agent: {info_cache_ttl: 300s}").agent().infoCacheTtl()).isEqualTo(Duration.ofSeconds(300));
        assertThat(Loading.withLeast("agent: {info_cache_ttl: \"0.5s\"}").agent().infoCacheTtl()).isEqualTo(Duration.ofMillis(500));
        assertThat(Loading.failureWithLeast("agent: {info_cache_ttl: 5m}")).startsWith("protojson.Unmarshal: ");
    }

    @Test
    @DisplayName("CO-9: without a value the greatest age of a connection is two hours")
    void defaultAge() throws ConfigurationException {
        assertThat(Loading.withLeast("").agent().listen().maxConnectionAge()).isEqualTo(Duration.ofSeconds(7200));
    }

    @Test
    @DisplayName("CO-10: a time of zero for agent information is kept")
    void noAgentInfoCache() throws ConfigurationException {
        assertThat(Loading.withLeast("agent: {info_cache_ttl: 0s}").agent().infoCacheTtl()).isZero();
    }

    @Test
    @DisplayName("CO-12: a rate of zero means the default")
    void zeroRate() throws ConfigurationException {
        KasConfiguration configuration = Loading.withLeast(
                "gitlab: {address: 'http://x', authentication_secret_file: /s, api_rate_limit: {refill_rate_per_second: 0, bucket_size: 0}}");
        assertThat(configuration.gitlab().orElseThrow().apiRateLimit()).isEqualTo(new RateLimitSection(50, 250));
    }

    @Test
    @DisplayName("CO-13: the Kubernetes API is off without its section and on with an empty one")
    void kubernetesApi() throws ConfigurationException {
        assertThat(Loading.withLeast("").agent().kubernetesApi()).isEmpty();
        KubernetesApiSection section = Loading.withLeast("agent: {kubernetes_api: {listen: {}}}").agent().kubernetesApi().orElseThrow();
        assertThat(section.listen().address()).isEqualTo("0.0.0.0:8154");
        assertThat(section.urlPathPrefix()).isEqualTo("/");
    }

    @Test
    @DisplayName("CO-44: a usage reporting period of zero is kept")
    void noUsageReports() throws ConfigurationException {
        assertThat(Loading.withLeast("observability: {usage_reporting_period: 0s}").observability().usageReportingPeriod()).isZero();
    }

    @Test
    @DisplayName("CO-55: a profiler that is off may have settings")
    void profilerOff() throws ConfigurationException {
        LoadedConfiguration loaded = Loading.load(Loading.LEAST + "observability: {google_profiler: {enabled: false, project_id: x}}");
        assertThat(loaded.configuration().observability().googleProfiler().projectId()).isEqualTo("x");
        assertThat(loaded.warnings()).noneMatch(warning -> warning.contains("google_profiler"));
    }

    @Test
    @DisplayName("CO-58: the last of duplicate keys counts")
    void duplicateKey() throws ConfigurationException {
        assertThat(Loading.withLeast("agent: {info_cache_ttl: 1s, info_cache_ttl: 2s}").agent().infoCacheTtl())
                .isEqualTo(Duration.ofSeconds(2));
    }

    @Test
    void unknownKeysAreWarnedAboutWithTheirPaths() throws ConfigurationException {
        assertThat(Loading.load(Loading.LEAST + "agent: {listen: {adress: x}, infoCacheTtl: 5s, foo: null}\nextra: {a: 1}").warnings())
                .filteredOn(warning -> warning.startsWith("unknown key"))
                .containsExactlyInAnyOrder("unknown key \"agent.listen.adress\" is ignored; check its spelling and place",
                        "unknown key \"agent.infoCacheTtl\" is ignored; check its spelling and place",
                        "unknown key \"agent.foo\" is ignored; check its spelling and place",
                        "unknown key \"extra\" is ignored; check its spelling and place");
    }

    @Test
    void capabilitiesThatAreMissingAreNamedOnce() throws ConfigurationException {
        String everything = Loading.LEAST + """
                agent: {kubernetes_api: {}}
                workspaces: {enabled: true}
                observability:
                  tracing: {otlp_endpoint: "http://collector"}
                  sentry: {dsn: "https://key@sentry/1"}
                  google_profiler: {enabled: true}
                """;
        assertThat(Loading.load(everything).warnings()).containsExactlyElementsOf(Notice.NOT_YET.stream().map(Notice::text).toList());
        assertThat(Loading.load("standalone: {agents_file: /a}").warnings()).isEmpty();
    }
}
