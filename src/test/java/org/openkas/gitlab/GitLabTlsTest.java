package org.openkas.gitlab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.net.URI;
import java.time.Duration;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.openkas.common.AgentToken;
import org.openkas.proto.gitlab.GetAgentInfoResponse;
import org.openkas.testkit.FakeGitLab;
import org.openkas.testkit.GitLabAnswer;

class GitLabTlsTest {
    private static final GitLabRequest AGENT_INFO = GitLabRequest.of("GET", "/api/v4" + FakeGitLab.AGENT_INFO)
            .asAgent(AgentToken.ofAgentk("agent-token"));
    private static final GitLabRequest REPORT = GitLabRequest.of("POST", "/api/v4" + FakeGitLab.AGENT_CONFIGURATION).json("{}").retried();

    @Test
    @DisplayName("GB-18: calls succeed with the authority of a self-made certificate")
    void trusted() throws Exception {
        try (FakeGitLab gitLab = FakeGitLab.release19OverTls("server.pem");
                GitLabClient client = GitLabClients.trusting(gitLab.address())) {
            gitLab.agent("agent-token", 42, 7, "group/project");
            assertThat(client.message(AGENT_INFO, GetAgentInfoResponse.getDefaultInstance()).getAgentId()).isEqualTo(42);
        }
    }

    @Test
    @DisplayName("chapter 02 §2.5: HTTP/2 over TLS; a connection on which an answer did not come is left")
    void http2() throws Exception {
        try (FakeGitLab gitLab = FakeGitLab.release19OverTls("server.pem");
                GitLabClient client = GitLabClients.trusting(gitLab.address(),
                        new HttpTransport.Patience(Duration.ofSeconds(5), Duration.ofSeconds(2)))) {
            gitLab.agent("agent-token", 42, 7, "group/project");
            client.message(AGENT_INFO, GetAgentInfoResponse.getDefaultInstance());
            client.call(REPORT);
            assertThat(gitLab.connections()).isEqualTo(1);
            assertThat(gitLab.requests().getFirst().headers()).containsKey("x-http2-stream-id");

            gitLab.next(FakeGitLab.AGENT_INFO, GitLabAnswer.status(200).after(Duration.ofSeconds(30)));
            assertThat(catchThrowableOfType(GitLabException.class, () -> client.call(AGENT_INFO)))
                    .hasMessageEndingWith(": net/http: timeout awaiting response headers");
            client.message(AGENT_INFO, GetAgentInfoResponse.getDefaultInstance());
            assertThat(gitLab.connections()).isEqualTo(2);
        }
    }

    @Test
    @DisplayName("GB-18: without it they fail, no request is sent, and nothing is repeated")
    void untrusted() throws Exception {
        try (FakeGitLab gitLab = FakeGitLab.release19OverTls("server.pem"); GitLabClient client = GitLabClients.of(gitLab)) {
            GitLabException failure = catchThrowableOfType(GitLabException.class, () -> client.call(REPORT));
            assertThat(failure).hasMessage("Post \"" + gitLab.address() + "/api/v4/internal/kubernetes/agent_configuration\": "
                    + "tls: failed to verify certificate: x509: certificate signed by unknown authority");
            assertThat(failure.remedy()).contains("gitlab.ca_certificate_file");
            assertThat(gitLab.requests()).isEmpty();
            assertThat(gitLab.connections()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            elsewhere.pem | x509: certificate is not valid for localhost            | name that is in GitLab's certificate
            expired.pem   | x509: certificate has expired or is not yet valid       | renew GitLab's certificate
            """)
    void otherCertificates(String certificate, String text, String remedy) throws Exception {
        try (FakeGitLab gitLab = FakeGitLab.release19OverTls(certificate); GitLabClient client = GitLabClients.trusting(gitLab.address())) {
            GitLabException failure = catchThrowableOfType(GitLabException.class, () -> client.call(REPORT));
            assertThat(failure).hasMessageEndingWith(": tls: failed to verify certificate: " + text);
            assertThat(failure.remedy()).contains(remedy);
            assertThat(gitLab.requests()).isEmpty();
        }
    }

    @Test
    void aGitLabWithoutTls() throws Exception {
        try (FakeGitLab gitLab = FakeGitLab.release19();
                GitLabClient client = GitLabClients.trusting(URI.create(gitLab.address().toString().replace("http:", "https:")))) {
            GitLabException failure = catchThrowableOfType(GitLabException.class, () -> client.call(AGENT_INFO));
            assertThat(failure).hasMessageEndingWith(": http: server gave HTTP response to HTTPS client");
        }
    }
}
