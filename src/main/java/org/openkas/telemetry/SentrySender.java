package org.openkas.telemetry;

import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.openkas.common.Log;
import org.openkas.config.SentryDsn;
import org.openkas.gitlab.EnvironmentProxies;
import org.openkas.gitlab.TrustedCertificates;

/**
 * Posts events to Sentry, one after the other, from a virtual thread of its own. Whoever has an event never waits: at most
 * {@value #CAPACITY} of them are kept, and while Sentry does not take any, or asks for less, further ones are dropped and
 * counted. The log says so once a minute at most; it is told by {@code failures}, which must not lead back here. Thread-safe.
 */
final class SentrySender implements AutoCloseable {
    private static final int CAPACITY = 100;
    private static final Duration CONNECT = Duration.ofSeconds(30);
    private static final Duration ANSWER = Duration.ofSeconds(20);
    private static final Duration FLUSH = Duration.ofSeconds(5);
    private static final Duration SILENCE = Duration.ofMinutes(1);
    private static final int TOO_MANY = 429;

    private final SentryDsn dsn;
    private final SentryEvent.Source source;
    private final EnvironmentProxies proxies;
    private final InstantSource clock;
    private final Log failures;
    private final BlockingQueue<SentryEvent> waiting = new ArrayBlockingQueue<>(CAPACITY);
    private final AtomicLong dropped = new AtomicLong();
    private final HttpClient client;
    private final Thread thread;
    private Instant pausedUntil = Instant.MIN;
    private Instant silentUntil = Instant.MIN;
    private volatile boolean ending;

    /** Begins to wait for events. */
    SentrySender(SentryDsn dsn, SentryEvent.Source source, TrustedCertificates trusted, EnvironmentProxies proxies, InstantSource clock,
            Log failures) {
        this.dsn = dsn;
        this.source = source;
        this.proxies = proxies;
        this.clock = clock;
        this.failures = failures;
        HttpClient.Builder builder = HttpClient.newBuilder().connectTimeout(CONNECT).proxy(proxies)
                .followRedirects(HttpClient.Redirect.NEVER).version(HttpClient.Version.HTTP_1_1);
        if (dsn.uri().getScheme().equals("https")) {
            builder.sslContext(trusted.clientContext());
        }
        client = builder.build();
        thread = Thread.ofVirtual().name("openkas-sentry").start(this::run);
    }

    /** Takes an event, if there is room. */
    void offer(SentryEvent event) {
        if (ending || !waiting.offer(event)) {
            dropped.incrementAndGet();
        }
    }

    private void run() {
        try {
            while (true) {
                SentryEvent event = ending ? waiting.poll() : waiting.poll(1, TimeUnit.SECONDS);
                if (event != null) {
                    deliver(event);
                } else if (ending) {
                    return;
                }
            }
        } catch (InterruptedException e) {
            // the time for the last events is over
            return;
        }
    }

    private void deliver(SentryEvent event) throws InterruptedException {
        if (clock.instant().isBefore(pausedUntil)) {
            dropped.incrementAndGet();
            return;
        }
        try {
            HttpResponse<Void> answer = client.send(request(event), HttpResponse.BodyHandlers.discarding());
            if (answer.statusCode() == TOO_MANY) {
                pausedUntil = clock.instant().plus(pause(answer));
                complain("Sentry asks for fewer events");
            } else if (answer.statusCode() >= 300) {
                complain("HTTP status code: " + answer.statusCode());
            } else if (dropped.get() > 0) {
                complain("too many errors at once");
            }
        } catch (IOException e) {
            complain(e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage());
        }
    }

    private HttpRequest request(SentryEvent event) {
        Instant now = clock.instant();
        String id = UUID.randomUUID().toString().replace("-", "");
        HttpRequest.Builder request = HttpRequest.newBuilder(dsn.uri()).timeout(ANSWER)
                .header("Content-Type", "application/x-sentry-envelope").header("User-Agent", source.sdk() + "/" + source.release())
                .header("X-Sentry-Auth", "Sentry sentry_version=7, sentry_client=" + source.sdk() + "/" + source.release()
                        + ", sentry_key=" + dsn.key().text())
                .POST(HttpRequest.BodyPublishers.ofByteArray(event.envelope(id, source, now)));
        proxies.authorization(dsn.uri()).ifPresent(value -> request.setHeader("Proxy-Authorization", value));
        return request.build();
    }

    private static Duration pause(HttpResponse<?> answer) {
        Optional<String> seconds = answer.headers().firstValue("Retry-After").filter(text -> text.matches("[0-9]{1,4}"));
        return seconds.map(text -> Duration.ofSeconds(Long.parseLong(text))).orElse(SILENCE);
    }

    /** Errors are in the log themselves; that they do not reach Sentry need not be said for each of them. */
    private void complain(String why) {
        Instant now = clock.instant();
        if (now.isBefore(silentUntil)) {
            return;
        }
        silentUntil = now.plus(SILENCE);
        failures.with("error", why).with("dropped", dropped.getAndSet(0))
                .with("remedy", "see to it that this host reaches what observability.sentry.dsn names, and that it takes events")
                .warn("Errors did not reach Sentry");
    }

    /** Sends what waits, for five seconds at most, and ends. */
    @Override
    public void close() {
        ending = true;
        try {
            if (!thread.join(FLUSH)) {
                thread.interrupt();
            }
        } catch (InterruptedException e) {
            thread.interrupt();
            Thread.currentThread().interrupt();
        }
        client.shutdownNow();
    }
}
