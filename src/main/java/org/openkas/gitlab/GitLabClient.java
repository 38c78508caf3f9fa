package org.openkas.gitlab;

import com.google.protobuf.Message;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import org.openkas.common.AgentToken;
import org.openkas.common.Timers;
import org.openkas.gitlab.GitLabRequest.Trait;
import org.openkas.jwt.TokenSigner;
import org.openkas.message.MessageRules;
import org.openkas.message.ProtoJson;
import org.openkas.message.ProtoJsonException;
import org.openkas.tracing.Tracer;

/**
 * Calls GitLab's HTTP API (chapter 02 §2): credentials, rate limit, repetition, and what the answers mean. All calls block the
 * calling thread, which should be a virtual one, and are given up when it is interrupted. Thread-safe.
 */
public final class GitLabClient implements AutoCloseable {
    private static final String JSON = "application/json";
    private static final String INTERNAL = "/api/v4/internal/kubernetes/";
    /** The reference knows no bound; this one is far above every answer and far below the memory of a server. */
    private static final int LARGEST_ANSWER = 32 << 20;
    private static final int UNLIMITED = 1_000_000;
    private static final Duration BODY_PATIENCE = Duration.ofSeconds(60);

    private final GitLabAddress address;
    private final String userAgent;
    private final TokenSigner signer;
    private final TokenBucket bucket;
    private final HttpTransport transport;
    private final Timers timers;

    GitLabClient(GitLabAddress address, String userAgent, TokenSigner signer, TokenBucket bucket, HttpTransport transport, Timers timers) {
        this.address = address;
        this.userAgent = userAgent;
        this.signer = signer;
        this.bucket = bucket;
        this.transport = transport;
        this.timers = timers;
    }

    /**
     * A client for one GitLab. Nothing is connected yet.
     *
     * @param trusted who may sign GitLab's certificate; only looked at if the address is one of https
     * @param environment variables that say which proxies to use
     * @param userAgent how the server calls itself, such as {@code gitlab-kas/v16.5.0/3cd2bb7a}
     * @param signer signs for audience {@code gitlab}
     * @param executor starts each task at once on a thread of its own
     * @throws GitLabSetupException if a variable cannot be understood
     */
    public static GitLabClient of(GitLabAddress address, TrustedCertificates trusted, Map<String, String> environment, String userAgent,
            TokenSigner signer, TokenBucket bucket, Timers timers, Executor executor) throws GitLabSetupException {
        return of(address, trusted, environment, userAgent, signer, bucket, timers, executor, Optional.empty());
    }

    /** As the other; {@code tracer} begins a span for each request, of which GitLab is told. */
    public static GitLabClient of(GitLabAddress address, TrustedCertificates trusted, Map<String, String> environment, String userAgent,
            TokenSigner signer, TokenBucket bucket, Timers timers, Executor executor, Optional<Tracer> tracer)
            throws GitLabSetupException {
        HttpTransport transport = new HttpTransport(address.secure(), trusted, EnvironmentProxies.of(environment),
                HttpTransport.Patience.USUAL, HttpTransport.Capacity.USUAL, timers, executor, tracer.map(HttpTraces::new));
        return new GitLabClient(address, userAgent, signer, bucket, transport, timers);
    }

    /**
     * As the other, for calls whose answers GitLab keeps back until there is something to say: thousands of them may wait, and
     * the server's rate limit does not count them.
     */
    public static GitLabClient ofLongPolls(GitLabAddress address, TrustedCertificates trusted, Map<String, String> environment,
            String userAgent, TokenSigner signer, Timers timers, Executor executor, Optional<Tracer> tracer) throws GitLabSetupException {
        HttpTransport transport = new HttpTransport(address.secure(), trusted, EnvironmentProxies.of(environment),
                HttpTransport.Patience.LONG_POLLS, HttpTransport.Capacity.LONG_POLLS, timers, executor,
                tracer.map(HttpTraces::new));
        return new GitLabClient(address, userAgent, signer,
                new TokenBucket(UNLIMITED, UNLIMITED, timers, LimiterObserver.NONE), transport, timers);
    }

    /**
     * The message that GitLab answers with, as chapter 02 §2.9 and §2.10 say.
     *
     * @param prototype any message of the wanted type
     * @throws GitLabException also if the answer is not as it should be
     */
    public <M extends Message> M message(GitLabRequest request, M prototype) throws GitLabException, InterruptedException {
        Optional<Long> deadline = deadline(request);
        try (GitLabResponse answer = send(request.header("Accept", List.of(JSON)), deadline)) {
            if (answer.status() != 200 && answer.status() != 201) {
                throw status(request, answer, deadline);
            }
            if (!answer.isOfType(JSON)) {
                throw GitLabException.unreachable(
                        "unexpected Content-Type in response: \"" + answer.header("Content-Type").orElse("") + "\"",
                        "set gitlab.address to GitLab itself: something else answers there, such as a login page", null);
            }
            return parse(body(answer, deadline), prototype);
        }
    }

    /** Makes a call that GitLab answers with nothing but success (200 or 204). */
    public void call(GitLabRequest request) throws GitLabException, InterruptedException {
        Optional<Long> deadline = deadline(request);
        try (GitLabResponse answer = send(request, deadline)) {
            if (answer.status() != 200 && answer.status() != 204) {
                throw status(request, answer, deadline);
            }
            guarded(answer, deadline).discard();
        }
    }

    /** Makes a call and returns whatever GitLab answers; the caller closes it. */
    public GitLabResponse send(GitLabRequest request) throws GitLabException, InterruptedException {
        return send(request, deadline(request));
    }

    /** That a request cannot be made, in the form in which failures of requests are told. */
    GitLabException refused(GitLabRequest request, String why) {
        return new TransportFailure(request.method(), address.resolve(request.path(), request.query()), Optional.empty()).refused(why);
    }

    private Optional<Long> deadline(GitLabRequest request) {
        return request.patience().map(time -> timers.nanos() + time.toNanos());
    }

    private GitLabResponse send(GitLabRequest request, Optional<Long> deadline) throws GitLabException, InterruptedException {
        URI uri = address.resolve(request.path(), request.query());
        Attempts attempts = new Attempts(request.is(Trait.RETRIED));
        ServerToken token = new ServerToken(signer, timers);
        while (true) {
            Duration wait;
            try {
                GitLabResponse answer = attempt(request, uri, token, deadline);
                Optional<Duration> again = attempts.afterAnswer(answer);
                if (again.isEmpty() || late(deadline, again.get())) {
                    return answer;
                }
                guarded(answer, deadline).discard();
                wait = again.get();
            } catch (GitLabException e) {
                wait = attempts.afterFailure(e).orElseThrow(() -> e);
                if (late(deadline, wait)) {
                    throw e;
                }
            }
            Pause.of(wait, timers);
        }
    }

    /** Whether there would be no time left after a wait: then the last answer stands. */
    private boolean late(Optional<Long> deadline, Duration wait) {
        return deadline.isPresent() && deadline.get() - timers.nanos() <= wait.toNanos();
    }

    private GitLabResponse attempt(GitLabRequest request, URI uri, ServerToken token, Optional<Long> deadline)
            throws GitLabException, InterruptedException {
        if (!bucket.take(request.is(Trait.BACKGROUND), left(deadline))) {
            throw new TransportFailure(request.method(), uri, Optional.empty()).limited();
        }
        return transport.exchange(request.method(), uri, headers(request, token), request.body(),
                request.is(Trait.BACKGROUND),
                left(deadline));
    }

    private Map<String, List<String>> headers(GitLabRequest request, ServerToken token) {
        Map<String, List<String>> headers = new TreeMap<>(request.headers());
        headers.put("user-agent", List.of(userAgent));
        if (!request.is(Trait.FOREIGN)) {
            headers.put("gitlab-kas-api-request", List.of(token.text()));
        }
        request.agent().map(AgentToken::value).ifPresent(agent -> {
            headers.put("gitlab-agent-api-request", List.of(agent));
            if (request.path().startsWith(INTERNAL)) {
                // older releases of GitLab look here; elsewhere a newer one would take it for a token of another kind
                headers.put("gitlab-agentk-api-request", List.of(agent));
                headers.put("authorization", List.of("Bearer " + agent));
            }
        });
        return headers;
    }

    private static <M extends Message> M parse(byte[] body, M prototype) throws GitLabException {
        M message;
        try {
            message = ProtoJson.ignoringUnknown(ProtoJson.parse(body), prototype);
        } catch (ProtoJsonException e) {
            throw GitLabException.unusable("protojson.Unmarshal: " + e.getMessage(), "");
        }
        Optional<String> violations = MessageRules.violations(message);
        if (violations.isPresent()) {
            throw GitLabException.unusable("ValidateAll: " + violations.get(), "");
        }
        return message;
    }

    private Optional<Duration> left(Optional<Long> deadline) {
        return deadline.map(end -> Duration.ofNanos(Math.max(0, end - timers.nanos())));
    }

    private byte[] body(GitLabResponse answer, Optional<Long> deadline) throws GitLabException, InterruptedException {
        try {
            return guarded(answer, deadline).readAll(LARGEST_ANSWER);
        } catch (IOException e) {
            if (Thread.interrupted()) {
                throw new InterruptedException("interrupted while reading GitLab's answer");
            }
            if (left(deadline).filter(Duration::isZero).isPresent()) {
                throw GitLabException.late("response body read: context deadline exceeded", TransportFailure.SLOW_REMEDY, e);
            }
            throw GitLabException.unavailable("response body read: " + GitLabResponse.readFailure(e), e);
        }
    }

    /** The same answer, closed by force if its body does not end in reasonable time. */
    private GitLabResponse guarded(GitLabResponse answer, Optional<Long> deadline) {
        Duration patience = left(deadline).filter(time -> time.compareTo(BODY_PATIENCE) < 0).orElse(BODY_PATIENCE);
        Timers.Cancellable guard = timers.after(patience, answer::close);
        answer.onClose(guard::cancel);
        return answer;
    }

    private GitLabException status(GitLabRequest request, GitLabResponse answer, Optional<Long> deadline) {
        String reason = request.is(Trait.EXPLAINED) ? ErrorReason.of(guarded(answer, deadline)) : "";
        guarded(answer, deadline).discard();
        return GitLabException.status(answer.status(), address.resolve(request.path(), Map.of()).getPath(), reason);
    }

    /** Ends calls that still run. */
    @Override
    public void close() {
        transport.close();
    }
}
