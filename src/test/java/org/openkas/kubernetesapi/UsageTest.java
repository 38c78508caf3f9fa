package org.openkas.kubernetesapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.openkas.kubernetesapi.RunningProxy.setup;

import io.grpc.Status;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.openkas.kubernetesaccess.Access;
import org.openkas.kubernetesaccess.AgentAccess;
import org.openkas.kubernetesaccess.Credential;
import org.openkas.kubernetesaccess.RefusedException;

/** Chapter 03 §17.1. */
class UsageTest {
    /** The user whose id is the token's number; agent 9 is for nobody. */
    private static final AgentAccess ACCESS = new AgentAccess() {
        @Override
        public Access access(Credential credential) throws RefusedException, InterruptedException {
            throw new IllegalStateException("nothing is asked");
        }

        @Override
        public java.util.Optional<Access> known(Credential credential) {
            return java.util.Optional
                    .of(new Access(credential.agentId(), java.util.Optional.empty(), credential.kind(), 40 + credential.agentId(), 0));
        }
    };
    private static final String CI = "Authorization: Bearer ci:1:t";
    private static final String PAT = "Authorization: Bearer pat:2:t";
    private static final String COOKIE = "Cookie: _gitlab_kas=c\r\nGitlab-Agent-Id: 3\r\nX-Csrf-Token: t";

    private static String get(String credentials) {
        return "GET / HTTP/1.1\r\nHost: x\r\n" + credentials + "\r\n\r\n";
    }

    @ParameterizedTest
    @CsvSource({"ci,ci_access,1", "pat,pat_access,2", "cookie,user_access,3"})
    @DisplayName("KP-57: a request raises exactly the counters of its kind and the general ones")
    void eachKind(String credentials, String kind, long agent) throws Exception {
        try (RunningProxy proxy = setup().access(ACCESS).start()) {
            proxy.agent.atEnd(call -> call.answer(200, "x"));
            String line = credentials.equals("ci") ? CI : credentials.equals("pat") ? PAT : COOKIE;
            assertThat(proxy.ask(get(line)).status()).isEqualTo(200);
            assertThat(proxy.usage.snapshot().counts()).isEqualTo(Map.of("k8s_api_proxy_requests_via_" + kind, 1L, "k8s_api_proxy_request", 1L));
            assertThat(proxy.usage.snapshot().ids()).isEqualTo(Map.of("k8s_api_proxy_requests_unique_users_via_" + kind, Set.of(40 + agent),
                    "k8s_api_proxy_requests_unique_agents_via_" + kind, Set.of(agent), "agent_users_using_ci_tunnel",
                    Set.of(40 + agent)));
        }
    }

    @Test
    @DisplayName("KP-57: all kinds together; requests that fail at the agent count, refused ones and OPTIONS do not")
    void together() throws Exception {
        try (RunningProxy proxy = setup().access(ACCESS).start()) {
            proxy.agent.atEnd(call -> call.fail(Status.UNAVAILABLE));
            for (String line : new String[]{CI, PAT, COOKIE}) {
                assertThat(proxy.ask(get(line)).status()).isEqualTo(502);
            }
            assertThat(proxy.usage.snapshot().counts()).hasSize(4).containsEntry("k8s_api_proxy_request", 3L);
            assertThat(proxy.usage.snapshot().ids()).hasSize(7).containsEntry("agent_users_using_ci_tunnel", Set.of(41L, 42L, 43L));
            assertThat(proxy.ask(get("Authorization: Bearer x:1:t")).status()).isEqualTo(401);
            assertThat(proxy.ask("OPTIONS / HTTP/1.1\r\nHost: x\r\n" + CI + "\r\n\r\n").status()).isEqualTo(200);
            assertThat(proxy.ask("GET / HTTP/1.1\r\nHost: x\r\nOrigin: https://evil.example\r\n" + CI + "\r\n\r\n").status())
                    .isEqualTo(403);
            assertThat(proxy.usage.snapshot().counts()).containsEntry("k8s_api_proxy_request", 3L);
        }
    }
}
