package org.openkas.kubernetesapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.openkas.kubernetesapi.ProxyWithGitLab.JOBS;
import static org.openkas.kubernetesapi.ProxyWithGitLab.JOB_TOKEN;
import static org.openkas.kubernetesapi.ProxyWithGitLab.USERS;
import static org.openkas.kubernetesapi.ProxyWithGitLab.USER_TOKEN;
import static org.openkas.kubernetesapi.ProxyWithGitLab.setup;

import io.grpc.Status;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.openkas.testkit.GitLabAnswer;
import org.openkas.usage.UserInProject;

class AccessUsageTest {

    @Test
    @DisplayName("KP-57: each kind of access raises its own counters and the general ones")
    void eachKind() throws Exception {
        try (ProxyWithGitLab proxy = setup().start()) {
            proxy.get(JOB_TOKEN);
            proxy.get(USER_TOKEN);
            proxy.browse("/api");
            assertThat(proxy.proxy.usage.snapshot().counts()).isEqualTo(Map.of("k8s_api_proxy_requests_via_ci_access", 1L,
                    "k8s_api_proxy_requests_via_user_access", 1L, "k8s_api_proxy_requests_via_pat_access", 1L, "k8s_api_proxy_request",
                    3L));
            assertThat(proxy.proxy.usage.snapshot().ids()).isEqualTo(Map.of("k8s_api_proxy_requests_unique_users_via_ci_access", Set.of(7L),
                    "k8s_api_proxy_requests_unique_agents_via_ci_access", Set.of(123L),
                    "k8s_api_proxy_requests_unique_users_via_user_access", Set.of(8L),
                    "k8s_api_proxy_requests_unique_agents_via_user_access", Set.of(123L),
                    "k8s_api_proxy_requests_unique_users_via_pat_access", Set.of(8L),
                    "k8s_api_proxy_requests_unique_agents_via_pat_access", Set.of(123L), "agent_users_using_ci_tunnel", Set.of(7L, 8L)));
        }
    }

    @Test
    @DisplayName("Chapter 02 §9.3: who reached agents of which project, once for each kind of access")
    void users() throws Exception {
        try (ProxyWithGitLab proxy = setup().start()) {
            proxy.proxy.events.wanted(true);
            for (int i = 0; i < 2; i++) {
                proxy.get(JOB_TOKEN);
                proxy.get(USER_TOKEN);
                proxy.browse("/api");
            }
            proxy.get("Authorization: Bearer ci:9:token");
            assertThat(proxy.proxy.events.take().users()).isEqualTo(Map.of("k8s_api_proxy_requests_unique_users_via_ci_access",
                    List.of(new UserInProject(7, 5)), "k8s_api_proxy_requests_unique_users_via_user_access",
                    List.of(new UserInProject(8, 5)), "k8s_api_proxy_requests_unique_users_via_pat_access",
                    List.of(new UserInProject(8, 5))));
        }
    }

    @Test
    @DisplayName("KP-57: what is refused does not count")
    void refused() throws Exception {
        try (ProxyWithGitLab proxy = setup().start()) {
            proxy.get();
            proxy.get("Authorization: Bearer ci:9:token");
            proxy.gitLab.always(JOBS, request -> GitLabAnswer.status(401));
            proxy.gitLab.always(USERS, request -> GitLabAnswer.status(403));
            proxy.get(JOB_TOKEN);
            proxy.get(USER_TOKEN);
            proxy.browse("/api", "Origin: https://evil.example");
            proxy.proxy.ask("OPTIONS / HTTP/1.1\r\nHost: x\r\n" + USER_TOKEN + "\r\n\r\n");
            assertThat(proxy.proxy.usage.snapshot().counts()).isEmpty();
            assertThat(proxy.proxy.usage.snapshot().ids()).isEmpty();
        }
    }

    @Test
    @DisplayName("KP-44, KP-57: what fails behind the door counts")
    void failing() throws Exception {
        try (ProxyWithGitLab proxy = setup().start()) {
            proxy.agent.atEnd(call -> call.fail(Status.UNAVAILABLE.withDescription("boom")));
            assertThat(proxy.get(JOB_TOKEN).status()).isEqualTo(502);
            assertThat(proxy.proxy.usage.snapshot().counts()).containsEntry("k8s_api_proxy_request", 1L);
        }
    }
}
