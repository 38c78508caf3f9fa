package org.openkas.agentconfiguration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.openkas.proto.agentcfg.ConfigurationFile;

class ConfigurationFileParserTest {

    private static ParsedFile parse(String yaml) throws ConfigurationFileException {
        return ConfigurationFileParser.parse(ByteString.copyFromUtf8(yaml));
    }

    private static final String UNMARSHAL = "failed to parse agent configuration: protojson.Unmarshal: proto: ";

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            gitops: {manifest_projects: [{id: 123}]}                | (line 1:39): invalid value for string type: 123
            user_access: {}\\ngitops: {manifest_projects: [{id: 1}]} | (line 1:39): invalid value for string type: 1
            ci_access: {projects: [{id: yes}]}                      | (line 1:33): invalid value for string type: true
            - a                                                     | syntax error (line 1:1): unexpected token [
            just text                                               | syntax error (line 1:1): unexpected token "just text"
            gitops: 1                                               | syntax error (line 1:11): unexpected token 1
            gitops: {manifest_projects: [~]}                        | syntax error (line 1:33): unexpected token null
            observability: {logging: {level: loud}}                 | (line 1:38): invalid value for enum type: "loud"
            """)
    @DisplayName("AG-36 (c): what does not fit is a mistake of the file's author")
    void wrongTypes(String yaml, String error) {
        assertThatThrownBy(() -> parse(yaml.replace("\\n", "\n"))).isInstanceOf(ConfigurationFileException.class)
                .hasMessage(UNMARSHAL + error);
    }

    @Test
    @DisplayName("AG-36 (a): not YAML")
    void notYaml() {
        assertThatThrownBy(() -> parse("gitops:\n\tmanifest_projects: []\n")).isInstanceOf(ConfigurationFileException.class)
                .hasMessageStartingWith("failed to parse agent configuration: YAMLToJSON: yaml: line 2: ");
    }

    @Test
    @DisplayName("AG-36 (d), (e): rules of known settings hold")
    void rules() {
        assertThatThrownBy(() -> parse("container_scanning: {}")).isInstanceOf(ConfigurationFileException.class)
                .hasMessage("invalid agent configuration: invalid ConfigurationFile.ContainerScanning: embedded message failed validation"
                        + " | caused by: invalid ContainerScanningCF.Cadence: value length must be at least 1 bytes");
        assertThatThrownBy(() -> parse("ci_access: {projects: [{id: a, access_as: {}}]}")).isInstanceOf(ConfigurationFileException.class)
                .hasMessage("invalid agent configuration: invalid ConfigurationFile.CiAccess: embedded message failed validation"
                        + " | caused by: invalid CiAccessCF.Projects[0]: embedded message failed validation"
                        + " | caused by: invalid CiAccessProjectCF.AccessAs: embedded message failed validation"
                        + " | caused by: invalid CiAccessAsCF.As: value is required");
    }

    @Test
    @DisplayName("AG-36: the first of several documents and the last of duplicate keys count")
    void documentsAndDuplicates() throws ConfigurationFileException {
        ConfigurationFile file = parse("flux: {webhook_receiver_url: a}\nflux: {webhook_receiver_url: b}\n---\nflux: 1\n").message();
        assertThat(file.getFlux().getWebhookReceiverUrl()).isEqualTo("b");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " \n\n", "# nothing\n", "null", "~", "{}", "\uFEFF"})
    @DisplayName("AG-32: a file without content is an empty configuration")
    void empty(String yaml) throws ConfigurationFileException {
        ParsedFile file = parse(yaml);
        assertThat(file.message()).isEqualTo(ConfigurationFile.getDefaultInstance());
        assertThat(file.tree().toString()).isEqualTo("{}");
        assertThat(file.unknown()).isEmpty();
    }

    @Test
    @DisplayName("AG-36 (b), NR-022: unknown settings are kept for GitLab, left out for the agent, and named")
    void unknownSettings() throws ConfigurationFileException {
        ParsedFile file = parse("""
                foo: 1
                ci_access:
                  projects:
                  - id: group/p
                    resource_management: {enabled: true}
                  instance: {}
                """);
        assertThat(file.unknown()).containsExactly("ci_access.instance", "ci_access.projects[0].resource_management", "foo");
        assertThat(file.message().getCiAccess().getProjects(0).getId()).isEqualTo("group/p");
        assertThat(file.tree()).hasToString("{\"ci_access\":{\"instance\":{},\"projects\":[{\"id\":\"group/p\","
                + "\"resource_management\":{\"enabled\":true}}]},\"foo\":1}");
    }

    @Test
    @DisplayName("NR-023: members of known settings that we do not know withhold nothing")
    void egress() throws ConfigurationFileException {
        ParsedFile file = parse("""
                remote_development:
                  enabled: true
                  full_sync_interval: 3600s
                  network_policy: {enabled: true, egress: [{allow: 0.0.0.0/0, except: [10.0.0.0/8]}]}
                """);
        assertThat(file.unknown()).containsExactly("remote_development.network_policy.egress");
        assertThat(file.message().getRemoteDevelopment().getNetworkPolicy().getEnabled()).isTrue();
        // as written, not as a message would be written
        assertThat(file.tree().at("/remote_development/full_sync_interval").textValue()).isEqualTo("3600s");
    }

    @Test
    @DisplayName("NR-024: user_access needs no access_as")
    void userAccess() throws ConfigurationFileException {
        assertThat(parse("user_access: {projects: [{id: group/p}]}").message().getUserAccess().getProjectsCount()).isEqualTo(1);
    }

    @Test
    @DisplayName("NR-025: known settings stay strict beside unknown ones")
    void strictBesideUnknown() {
        assertThatThrownBy(() -> parse("ci_access: {projects: [{id: 12, new: 1}]}")).isInstanceOf(ConfigurationFileException.class)
                .hasMessage(UNMARSHAL + "(line 1:33): invalid value for string type: 12");
    }

    @Test
    void encodings() throws ConfigurationFileException {
        byte[] utf16 = "\uFEFFflux: {webhook_receiver_url: ä}".getBytes(StandardCharsets.UTF_16LE);
        assertThat(ConfigurationFileParser.parse(ByteString.copyFrom(utf16)).message().getFlux().getWebhookReceiverUrl()).isEqualTo("ä");
        assertThatThrownBy(() -> ConfigurationFileParser.parse(ByteString.copyFrom("flux: ä", StandardCharsets.ISO_8859_1)))
                .isInstanceOf(ConfigurationFileException.class)
                .hasMessage("failed to parse agent configuration: YAMLToJSON: yaml: the file is not UTF-8 text; save it as UTF-8");
    }

    @Test
    void endlessNumbersHaveNoJson() {
        assertThatThrownBy(() -> parse("foo: [.inf]")).isInstanceOf(ConfigurationFileException.class)
                .hasMessageStartingWith("failed to parse agent configuration: YAMLToJSON: json: unsupported value: ");
    }
}
