package org.openkas.message;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Duration;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.openkas.proto.agentcfg.ConfigurationFile;
import org.openkas.proto.agentcfg.RemoteDevelopmentCF;
import org.openkas.proto.agentcfg.log_level_enum;
import org.openkas.proto.entity.GitalyInfo;
import org.openkas.proto.gitlab.GetAgentInfoResponse;

class ProtoJsonTest {

    private static ConfigurationFile file(String json) throws ProtoJsonException {
        return ProtoJson.refusingUnknown(ProtoJson.parse(json.getBytes(StandardCharsets.UTF_8)), ConfigurationFile.getDefaultInstance());
    }

    private static GetAgentInfoResponse info(String json) throws ProtoJsonException {
        return ProtoJson.ignoringUnknown(ProtoJson.parse(json.getBytes(StandardCharsets.UTF_8)), GetAgentInfoResponse.getDefaultInstance());
    }

    /** The texts are those of the Go library for the same input. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {"xyz":1}                                         | proto: (line 1:2): unknown field "xyz"
            {"gitops":{},"xyz":1}                             | proto: (line 1:14): unknown field "xyz"
            {"gitops":{"manifestProjects":[]}}                | proto: (line 1:12): unknown field "manifestProjects"
            {"gitops":{"manifest_projects":[{"id":123}]}}     | proto: (line 1:39): invalid value for string type: 123
            {"gitops":{"manifest_projects":[{},{"id":true}]}} | proto: (line 1:42): invalid value for string type: true
            {"gitops":{"manifest_projects":[null]}}           | proto: syntax error (line 1:33): unexpected token null
            {"gitops":{"manifest_projects":{}}}               | proto: syntax error (line 1:32): unexpected token {
            {"gitops":[]}                                     | proto: syntax error (line 1:11): unexpected token [
            {"gitops":"ä"}                                    | proto: syntax error (line 1:11): unexpected token "ä"
            ["a"]                                             | proto: syntax error (line 1:1): unexpected token [
            "a"                                               | proto: syntax error (line 1:1): unexpected token "a"
            12                                                | proto: syntax error (line 1:1): unexpected token 12
            null                                              | proto: syntax error (line 1:1): unexpected token null
            {"observability":{"logging":{"level":"loud"}}}    | proto: (line 1:38): invalid value for enum type: "loud"
            {"observability":{"logging":{"level":1.5}}}       | proto: (line 1:38): invalid value for enum type: 1.5
            {"remote_development":{"enabled":"true"}}         | proto: (line 1:34): invalid value for bool type: "true"
            {"remote_development":{"enabled":1}}              | proto: (line 1:34): invalid value for bool type: 1
            {"remote_development":{"full_sync_interval":300}} | proto: syntax error (line 1:45): unexpected token 300
            {"remote_development":{"full_sync_interval":"5m"}} | proto: (line 1:45): invalid google.protobuf.Duration value "5m"
            {"ci_access":{"projects":[{"environments":[null]}]}} | proto: (line 1:44): invalid value for string type: null
            {"user_access":{"access_as":{"agent":{},"user":{}}}} | proto: (line 1:41): error parsing "user", oneof gitlab.agent.agentcfg.UserAccessAsCF.as is already set
            """)
    void refuses(String json, String text) {
        assertThatThrownBy(() -> file(json)).isInstanceOf(ProtoJsonException.class).hasMessage(text);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            42                     | 42
            "42"                   | 42
            1.0                    | 1
            1e3                    | 1000
            "1e3"                  | 1000
            -7                     | -7
            9223372036854775807    | 9223372036854775807
            "9223372036854775807"  | 9223372036854775807
            null                   | 0
            """)
    void takesIntegers(String json, long value) throws ProtoJsonException {
        assertThat(info("{\"agent_id\":" + json + "}").getAgentId()).isEqualTo(value);
    }

    @ParameterizedTest
    @ValueSource(strings = {"1.5", "\"x\"", "\" 1\"", "\"\"", "true", "[]", "{}", "9223372036854775808", "1e400", "1e-400", "1e999999999",
            "\"1e999999999999\"", "\"+1\"", "\"01\""})
    void refusesOtherIntegers(String json) {
        assertThatThrownBy(() -> info("{\"agent_id\":" + json + "}")).isInstanceOf(ProtoJsonException.class)
                .hasMessageStartingWith("proto: (line 1:13): invalid value for int64 type: ");
    }

    @Test
    void passesOverUnknownMembersAtEveryLevel() throws ProtoJsonException {
        GetAgentInfoResponse info = info("""
                {"agent_id": 1, "agentId": 2, "new": [null, {"a": 1}],
                 "gitaly_info": {"address": "a", "features": {"x": "true"}, "more": {}}}""");
        assertThat(info.getAgentId()).isEqualTo(1);
        assertThat(info.getGitalyInfo())
                .isEqualTo(GitalyInfo.newBuilder().setAddress("a").putFeatures("x", "true").build());
    }

    @Test
    void tellsWhichMembersAreUnknown() throws ProtoJsonException {
        ProtoJson.Lenient<ConfigurationFile> file = ProtoJson.collectingUnknown(ProtoJson.parse("""
                {"zzz": 1, "ci_access": {"instance": {"deep": 1}, "projects": [{"id": "a"}, {"id": "b", "resource_management": null}]}}"""
                .getBytes(StandardCharsets.UTF_8)), ConfigurationFile.getDefaultInstance());
        assertThat(file.unknown()).containsExactly("ci_access.instance", "ci_access.projects[1].resource_management", "zzz");
        assertThat(file.message().getCiAccess().getProjectsCount()).isEqualTo(2);
    }

    @Test
    void readsTheFormsOfValues() throws ProtoJsonException {
        ConfigurationFile file = file("""
                {"gitops": null, "observability": {"logging": {"level": "warn", "grpc_level": 1}},
                 "remote_development": {"enabled": true, "full_sync_interval": "3600s"},
                 "user_access": {"access_as": {"agent": null, "user": {}}}}""");
        assertThat(file.hasGitops()).isFalse();
        assertThat(file.getObservability().getLogging().getLevel()).isEqualTo(log_level_enum.warn);
        assertThat(file.getObservability().getLogging().getGrpcLevel()).isEqualTo(log_level_enum.debug);
        assertThat(file.getRemoteDevelopment()).isEqualTo(
                RemoteDevelopmentCF.newBuilder().setEnabled(true).setFullSyncInterval(Duration.newBuilder().setSeconds(3600)).build());
        assertThat(file.getUserAccess().getAccessAs().hasUser()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"3600s,3600,0", "0.5s,0,500000000", "-1.5s,-1,-500000000", "1.s,1,0", ".1s,0,100000000", "+1s,1,0",
            "315576000000s,315576000000,0", "0s,0,0", ".s,0,0"})
    void durations(String text, long seconds, int nanos) {
        assertThat(JsonScalars.duration(text)).contains(Duration.newBuilder().setSeconds(seconds).setNanos(nanos).build());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "s", "1", "1m", "1 s", "01s", "1.0000000001s", "315576000001s", "-s", "1h1s"})
    void otherTextsAreNoDurations(String text) {
        assertThat(JsonScalars.duration(text)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "{", "{} x", "{}{}", "{\"a\":1,}", "{'a':1}", "<html>", "{\"a\":01}", "{\"a\":NaN}"})
    void otherTextsAreNoJson(String text) {
        assertThatThrownBy(() -> ProtoJson.parse(text.getBytes(StandardCharsets.UTF_8))).isInstanceOf(ProtoJsonException.class)
                .hasMessageStartingWith("proto: syntax error").satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
    }

    @Test
    void noMemberTwice() {
        assertThatThrownBy(() -> ProtoJson.parse("{\"a\":1,\"a\":2}".getBytes(StandardCharsets.UTF_8)))
                .hasMessageMatching("proto: \\(line 1:\\d+\\): duplicate field \"a\"");
    }

    @Test
    void onlyUtf8() {
        assertThatThrownBy(() -> ProtoJson.parse(new byte[]{'"', (byte) 0xff, '"'})).hasMessage("proto: syntax error: invalid UTF-8");
        assertThatThrownBy(() -> info("{\"agent_name\":\"\\ud800\"}")).hasMessageContaining("invalid value for string type");
    }
}
