package org.openkas.kubernetesapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.openkas.kubernetesapi.ProxyWithGitLab.setup;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.openkas.kubernetesapi.RunningProxy.Answer;

/** In which form a client that is refused learns it (chapter 03 §9). */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ErrorFormatsTest {
    private static final String TEXT = "GitLab Agent Server: Unauthorized: no valid credentials provided";
    private static final String JSON = "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\",\"message\":\""
            + TEXT
            + "\",\"reason\":\"Unauthorized\",\"code\":401}\n";
    private static final String PRETTY = """
            {
              "kind": "Status",
              "apiVersion": "v1",
              "metadata": {},
              "status": "Failure",
              "message": "%s",
              "reason": "Unauthorized",
              "code": 401
            }""".formatted(TEXT);

    private ProxyWithGitLab proxy;

    @BeforeAll
    void start() throws Exception {
        proxy = setup().start();
    }

    @AfterAll
    void stop() {
        proxy.close();
    }

    @ParameterizedTest
    @DisplayName("KP-54: JSON for kubectl, for anything, and for nothing in particular")
    @ValueSource(strings = {"application/json", "*/*", "application/*", "text/html,*/*;q=0.8", "",
            "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json",
            "application/json;stream=watch", "application/json;as=;g=;v=", "text/html;q=0.9, application/json;q=0.1"})
    void json(String accept) throws Exception {
        Answer answer = proxy.get("Accept: " + accept);
        assertThat(answer.header("Content-Type")).isEqualTo("application/json");
        assertThat(answer.body()).isEqualTo(JSON);
    }

    @ParameterizedTest
    @DisplayName("KP-54: YAML, as the reference writes it")
    @ValueSource(strings = {"application/yaml", "application/json;q=0.1,application/yaml;q=0.9", "application/yaml, application/json"})
    void yaml(String accept) throws Exception {
        Answer answer = proxy.get("Accept: " + accept, "Accept: application/json");
        assertThat(answer.header("Content-Type")).isEqualTo("application/yaml");
        assertThat(answer.header("Gitlab-Unauthorized")).isEqualTo("true");
        assertThat(answer.body()).isEqualTo("""
                apiVersion: v1
                code: 401
                kind: Status
                message: '%s'
                metadata: {}
                reason: Unauthorized
                status: Failure
                """.formatted(TEXT));
    }

    @Test
    @DisplayName("KP-54: long lines of YAML are folded, quotes doubled; what cannot stand in single quotes stands in double ones")
    void longYaml() throws Exception {
        assertThat(proxy.ask("/k/a", "Accept: application/yaml", ProxyWithGitLab.COOKIE, "X-Csrf-Token: t").body()).contains("""
                message: 'GitLab Agent Server: Unauthorized: exactly one agent id must be provided
                  either in the "Gitlab-Agent-Id" header or "gitlab-agent-id" query parameter'
                """);
        assertThat(proxy.ask("/?gitlab-agent-id=%27%22%5C%0A%C3%A9%27it", "Accept: application/yaml", ProxyWithGitLab.COOKIE).body())
                .contains(
                        "message: 'GitLab Agent Server: Unauthorized: agent id in request: invalid value: \"''\\\"\\\\\\n\u00e9''it\"'\n");
        assertThat(new String(new StatusObject(502, "a\n\tb").in(StatusFormat.YAML), StandardCharsets.UTF_8))
                .isEqualTo("apiVersion: v1\ncode: 502\nkind: Status\nmessage: \"a\\n\\tb\"\nmetadata: {}\nstatus: Failure\n");
    }

    @Test
    @DisplayName("KP-54: Kubernetes' protobuf")
    void protobuf() throws Exception {
        Answer answer = proxy.get("Accept: application/vnd.kubernetes.protobuf,application/json");
        assertThat(answer.header("Content-Type")).isEqualTo("application/vnd.kubernetes.protobuf");
        // the bytes that the reference sends, of which one is no text
        assertThat(answer.body()).isEqualTo("k8s\0\n\014\n\002v1\022\006Status\022d\n\006\n\0\022\0\032\0\022\007Failure\032@" + TEXT
                + "\"\014Unauthorized0\ufffd\003\032\0\"\0");
    }

    @ParameterizedTest
    @DisplayName("KP-54: nothing that this server has")
    @ValueSource(strings = {"text/html", "application/json;as=Table", "garbage", "*/json", "application/json;v=v1", "application/yaml;stream=watch", "APPLICATION/JSON"})
    void notAcceptable(String accept) throws Exception {
        Answer answer = proxy.get("Accept: " + accept);
        assertThat(answer.status()).isEqualTo(406);
        assertThat(answer.header("Content-Type")).isEqualTo("text/plain; charset=utf-8");
        assertThat(answer.header("X-Content-Type-Options")).isEqualTo("nosniff");
        assertThat(answer.header("Gitlab-Unauthorized")).isEqualTo("true");
        assertThat(answer.body())
                .isEqualTo("GitLab Agent Server: Failed to negotiate output media type: only the following media types are "
                        + "accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf\n");
    }

    @ParameterizedTest
    @DisplayName("KP-55: indented for people, unless they say otherwise")
    @CsvSource({"curl/8.0,'',true", "Wget/1.21,'',true", "Mozilla/5.0 (X11),'',true", "kubectl/v1.30,'',false", "xcurl,'',false",
            "curl/8.0,?pretty=false,false", "curl/8.0,?pretty=0,false", "curl/8.0,?pretty=,true", "curl/8.0,?pretty,true",
            "kubectl/v1.30,?pretty=true,true", "kubectl/v1.30,?pretty=1,true", "kubectl/v1.30,?pretty=T,true",
            "kubectl/v1.30,?pretty=yes,false", "curl/8.0,?pretty=false&pretty=true,false"})
    void pretty(String agent, String query, boolean indented) throws Exception {
        Answer answer = proxy.ask("/api" + query, "User-Agent: " + agent);
        assertThat(answer.header("Content-Type")).isEqualTo("application/json");
        assertThat(answer.body()).isEqualTo(indented ? PRETTY : JSON);
    }

    @Test
    @DisplayName("chapter 03 §9.3: no body for HEAD, but its headers")
    void head() throws Exception {
        Answer answer = proxy.proxy.ask("HEAD /api HTTP/1.1\r\nHost: x\r\n\r\n");
        assertThat(answer.status()).isEqualTo(401);
        assertThat(answer.header("Content-Length")).isEqualTo(String.valueOf(JSON.length()));
        assertThat(answer.header("Gitlab-Unauthorized")).isEqualTo("true");
    }
}
