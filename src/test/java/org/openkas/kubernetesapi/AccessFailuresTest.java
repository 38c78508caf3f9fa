package org.openkas.kubernetesapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.openkas.kubernetesapi.ProxyWithGitLab.message;

import io.grpc.Status;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.openkas.common.LogLevel;
import org.openkas.kubernetesaccess.Access;
import org.openkas.kubernetesaccess.AgentAccess;
import org.openkas.kubernetesaccess.Credential;
import org.openkas.kubernetesapi.RunningProxy.Answer;
import org.openkas.testkit.GitLabAnswer;
import org.openkas.testkit.KubernetesAgent;
import org.openkas.testkit.RawPeer;

/** What goes wrong around the question who may reach a cluster, and what one connection's requests know of each other. */
class AccessFailuresTest {

    /** Never knows without asking. */
    private interface Asking extends AgentAccess {
        @Override
        default Optional<Access> known(Credential credential) {
            return Optional.empty();
        }
    }

    @Test
    @DisplayName("a look-up that breaks in an unforeseen way is 500 without detail, and a line at error")
    void brokenLookUp() throws Exception {
        Asking broken = credential -> {
            throw new IllegalStateException("inside");
        };
        try (RunningProxy proxy = RunningProxy.setup().access(broken).start()) {
            Answer answer = proxy.get("/");
            assertThat(answer.status()).isEqualTo(500);
            assertThat(message(answer)).isEqualTo("GitLab Agent Server: Internal error");
            assertThat(proxy.log.lines("Looking up a credential failed")).singleElement()
                    .satisfies(line -> assertThat(line.level()).isEqualTo(LogLevel.ERROR));
            assertThat(proxy.usage.snapshot().counts()).isEmpty();
        }
    }

    @Test
    @DisplayName("chapter 03 §9.4: a call that cannot even be begun is 500, after it was counted")
    void noChannel() throws Exception {
        try (RunningProxy proxy = RunningProxy.setup().agents(id -> {
            throw Status.UNAVAILABLE.withDescription("no way").asRuntimeException();
        }).start()) {
            Answer answer = proxy.get("/");
            assertThat(answer.status()).isEqualTo(500);
            assertThat(message(answer)).startsWith("GitLab Agent Server: Proxy failed to make outbound request: ").contains("no way");
            assertThat(proxy.log.lines("Proxy failed to make outbound request")).singleElement()
                    .satisfies(line -> assertThat(line.level()).isEqualTo(LogLevel.ERROR));
            assertThat(proxy.usage.snapshot().counts()).containsEntry("k8s_api_proxy_request", 1L);
        }
    }

    @Test
    @DisplayName("GB-16: a client that leaves takes the question about it along")
    void clientLeaves() throws Exception {
        AtomicInteger interrupted = new AtomicInteger();
        CountDownLatch asked = new CountDownLatch(1);
        Asking slow = credential -> {
            asked.countDown();
            try {
                new CountDownLatch(1).await();
                throw new AssertionError("nobody counts down");
            } catch (InterruptedException e) {
                interrupted.incrementAndGet();
                throw e;
            }
        };
        try (RunningProxy proxy = RunningProxy.setup().access(slow).start()) {
            RawPeer peer = proxy.peer();
            peer.send("GET / HTTP/1.1\r\n" + RunningProxy.TOKEN + "\r\n");
            asked.await();
            peer.close();
            await().until(() -> interrupted.get() == 1);
            assertThat(proxy.log.lines()).noneMatch(line -> line.level() == LogLevel.ERROR);
            assertThat(proxy.agent.waiting()).isZero();
        }
    }

    @Test
    @DisplayName("each request of a connection stands for itself: nothing of an earlier one's rights, identity or agent is left")
    void oneConnection() throws Exception {
        try (ProxyWithGitLab proxy = ProxyWithGitLab.setup().start(); RawPeer peer = proxy.peer()) {
            proxy.gitLab.always(ProxyWithGitLab.USERS, request -> request.bodyText().contains("glpat-ada")
                    ? GitLabAnswer.json(201, ProxyWithGitLab.user("\"user\":{}").replace("testuser", "ada"))
                    : GitLabAnswer.status(401));
            List<String> credentials = List.of("Authorization: Bearer pat:123:glpat-ada", "Authorization: Bearer ci:123:job",
                    "Authorization: Bearer ci:9:job", "Authorization: Bearer pat:123:glpat-bob", "X-Nothing: x",
                    "Authorization: Bearer pat:123:glpat-ada");
            StringBuilder requests = new StringBuilder();
            credentials.forEach(line -> requests.append("GET /api HTTP/1.1\r\nHost: x\r\n" + line + "\r\n\r\n"));
            peer.send(requests.toString());
            for (int status : List.of(200, 200, 403, 401, 401, 200)) {
                assertThat(RunningProxy.answer(peer, false).status()).isEqualTo(status);
            }
            KubernetesAgent.Call ada = proxy.agent.next();
            assertThat(JobAccessTest.impersonation(ada).getUsername()).isEqualTo("gitlab:user:ada");
            assertThat(proxy.agent.next().header().hasExtra()).isFalse();
            assertThat(JobAccessTest.impersonation(proxy.agent.next()).getUsername()).isEqualTo("gitlab:user:ada");
            assertThat(proxy.agent.waiting()).isZero();
            assertThat(proxy.log.lines("Forbidden: agentId is not allowed").getFirst().fields()).containsEntry("agent_id", 9L);
            assertThat(proxy.log.lines("Unauthorized").getFirst().fields()).doesNotContainKey("agent_id");
        }
    }
}
