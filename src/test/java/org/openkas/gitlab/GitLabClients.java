package org.openkas.gitlab;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import org.openkas.common.SystemTimers;
import org.openkas.common.Timers;
import org.openkas.jwt.TokenSigner;
import org.openkas.testkit.FakeGitLab;

/** Clients for tests. */
final class GitLabClients {
    static final String USER_AGENT = "gitlab-kas/v16.5.0/3cd2bb7a";

    private GitLabClients() {
    }

    /** With the usual settings and the real clocks. */
    static GitLabClient of(FakeGitLab gitLab) throws GitLabSetupException {
        return of(gitLab.address(), realTimers());
    }

    static GitLabClient of(URI address, Timers timers) throws GitLabSetupException {
        return of(address, timers, Map.of(), HttpTransport.Patience.USUAL, new TokenBucket(10_000, 10_000, timers, LimiterObserver.NONE));
    }

    static GitLabClient of(URI address, Timers timers, Map<String, String> environment, HttpTransport.Patience patience, TokenBucket bucket)
            throws GitLabSetupException {
        return of(address, host(), timers, environment, patience, bucket);
    }

    /** Trusting the authority of the certificates for tests. */
    static GitLabClient trusting(URI address) throws GitLabSetupException {
        return trusting(address, HttpTransport.Patience.USUAL);
    }

    static GitLabClient trusting(URI address, HttpTransport.Patience patience) throws GitLabSetupException {
        Timers timers = realTimers();
        Path ca = FakeGitLab.file("ca.pem").toPath();
        return of(address, host().and(ca), timers, Map.of(), patience,
                new TokenBucket(10_000, 10_000, timers, LimiterObserver.NONE));
    }

    /** A host that trusts somebody, but not the authority of the certificates for tests. */
    private static TrustedCertificates host() {
        return TrustedCertificates.ofHost(Map.of("SSL_CERT_FILE", FakeGitLab.file("elsewhere.pem").toString(), "SSL_CERT_DIR", "/absent"));
    }

    private static GitLabClient of(URI uri, TrustedCertificates trusted, Timers timers, Map<String, String> environment,
            HttpTransport.Patience patience, TokenBucket bucket) throws GitLabSetupException {
        GitLabAddress address = GitLabAddress.parse(uri.toString());
        HttpTransport transport = new HttpTransport(address.secure(), trusted, EnvironmentProxies.of(environment), patience, timers,
                Executors.newVirtualThreadPerTaskExecutor());
        // tokens by the real clock, since the GitLab for tests looks at it
        TokenSigner signer = new TokenSigner(FakeGitLab.SECRET, "gitlab-kas", List.of("gitlab"), Duration.ofSeconds(30), realTimers());
        return new GitLabClient(address, USER_AGENT, signer, bucket, transport, timers);
    }

    static Timers realTimers() {
        return new SystemTimers(Executors.newVirtualThreadPerTaskExecutor());
    }
}
