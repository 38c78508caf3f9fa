package org.openkas.kubernetesapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.openkas.kubernetesapi.RunningProxy.setup;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.openkas.kubernetesapi.RunningProxy.Answer;

/** Chapter 03 §9.3: errors in the form that the client wants. */
class ErrorFormatTest {
    private static final String MESSAGE = "GitLab Agent Server: Unauthorized: no valid credentials provided";
    private static final String COMPACT = "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\",\"message\":\""
            + MESSAGE + "\",\"reason\":\"Unauthorized\",\"code\":401}\n";
    private static final String PRETTY = """
            {
              "kind": "Status",
              "apiVersion": "v1",
              "metadata": {},
              "status": "Failure",
              "message": "%s",
              "reason": "Unauthorized",
              "code": 401
            }""".formatted(MESSAGE);
    private static final String TABLES = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,"
            + "application/json";

    private RunningProxy proxy;

    @BeforeEach
    void start() throws Exception {
        proxy = setup().start();
    }

    @AfterEach
    void stop() {
        proxy.close();
    }

    private Answer refused(String target, String line) throws Exception {
        return proxy.ask("GET " + target + " HTTP/1.1\r\nHost: x\r\n" + line + "\r\n\r\n");
    }

    @Test
    @DisplayName("KP-54: YAML with sorted keys")
    void yaml() throws Exception {
        Answer answer = refused("/", "Accept: application/yaml");
        assertThat(answer.status()).isEqualTo(401);
        assertThat(answer.header("Content-Type")).isEqualTo("application/yaml");
        assertThat(answer.body()).isEqualTo("""
                apiVersion: v1
                code: 401
                kind: Status
                message: "GitLab Agent Server: Unauthorized: no valid credentials provided"
                metadata: {}
                reason: Unauthorized
                status: Failure
                """);
    }

    @Test
    @DisplayName("KP-54: the protobuf envelope")
    void protobuf() throws Exception {
        Answer answer = refused("/", "Accept: application/vnd.kubernetes.protobuf, application/json");
        assertThat(answer.header("Content-Type")).isEqualTo("application/vnd.kubernetes.protobuf");
        byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
        assertThat(HexFormat.of().formatHex(body, 0, 4)).isEqualTo("6b387300");
        // Unknown: 1 TypeMeta (1 apiVersion, 2 kind), 2 raw
        assertThat(HexFormat.of().formatHex(body, 4, 19)).isEqualTo("0a0c0a027631120653746174757312");
        assertThat(answer.body()).contains("Failure", MESSAGE, "Unauthorized");
    }

    @ParameterizedTest
    @ValueSource(strings = {"X: y", "Accept:", "Accept: " + TABLES, "Accept: text/html,*/*;q=0.8", "Accept: application/*",
            "Accept: application/yaml;q=0.5, application/json", "User-Agent: kubectl/v1.28"})
    @DisplayName("KP-54: compact JSON, also for kubectl's tables and for whoever takes anything")
    void json(String line) throws Exception {
        Answer answer = refused("/", line);
        assertThat(answer.status()).isEqualTo(401);
        assertThat(answer.header("Content-Type")).isEqualTo("application/json");
        assertThat(answer.body()).isEqualTo(COMPACT);
    }

    @ParameterizedTest
    @ValueSource(strings = {"text/html", "application/json;as=Table;v=v1;g=meta.k8s.io", "application/yaml;stream=watch"})
    @DisplayName("KP-54: nothing that the client takes: 406")
    void nothing(String accept) throws Exception {
        Answer answer = refused("/", "Accept: " + accept);
        assertThat(answer.status()).isEqualTo(406);
        assertThat(answer.header("Content-Type")).isEqualTo("text/plain; charset=utf-8");
        assertThat(answer.header("X-Content-Type-Options")).isEqualTo("nosniff");
        assertThat(answer.header("Gitlab-Unauthorized")).isEqualTo("true");
        assertThat(answer.body()).isEqualTo("GitLab Agent Server: Failed to negotiate output media type: only the following media types"
                + " are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf\n");
    }

    @ParameterizedTest
    @CsvSource({"/,User-Agent: curl/8.0,true", "/?pretty=false,User-Agent: curl/8.0,false", "/,User-Agent: Wget/1,true",
            "/,User-Agent: Mozilla/5.0 (X11),true", "/?pretty=1,X: y,true", "/?pretty=true,X: y,true", "/?pretty=,User-Agent: curl/8,true",
            "/,Accept: application/json;pretty=1,true", "/,User-Agent: xcurl/8.0,false"})
    @DisplayName("KP-55: indented for humans, without a newline at the end")
    void pretty(String target, String line, boolean pretty) throws Exception {
        assertThat(refused(target, line).body()).isEqualTo(pretty ? PRETTY : COMPACT);
    }

    @Test
    @DisplayName("chapter 03 §9.3: HEAD gets the headers alone")
    void head() throws Exception {
        Answer answer = proxy.ask("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");
        assertThat(answer.status()).isEqualTo(401);
        assertThat(answer.header("Content-Length")).isEqualTo(Integer.toString(COMPACT.length()));
    }

    @Test
    @DisplayName("NR-031: a cluster cannot switch the list of response headers off")
    void featureFlag() throws Exception {
        proxy.agent.atEnd(call -> call.answer(200, "x", "Gitlab-Feature-Flag", "k8s_api_proxy_response_header_allowlist=false",
                "Set-Cookie", "a=b", "X-Custom", "1"));
        Answer answer = proxy.get("/");
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.header("Set-Cookie") + answer.header("X-Custom") + answer.header("Gitlab-Feature-Flag")).isEmpty();
    }
}
