package org.openkas.gitlab;

import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.zip.GZIPInputStream;
import javax.net.ssl.SSLParameters;
import org.openkas.common.Timers;

/**
 * Carries single requests to GitLab (chapter 02 §2.5, §2.6): without redirects, over a bounded number of connections, through
 * the proxies of the environment, and given up when the calling thread is interrupted. A GET whose connection ends before the
 * first byte of the answer is sent once more by the client of the JDK; GitLab closes idle connections at will. Thread-safe.
 */
final class HttpTransport implements AutoCloseable {
    private static final int UNAUTHORIZED = 401;
    private static final int NOT_MODIFIED = 304;
    private static final String[] PROTOCOLS = {"TLSv1.3", "TLSv1.2"};
    private static final String[] CIPHERS = {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256",
            "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
            "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"};

    /**
     * How long the transport waits.
     *
     * @param connect for a connection
     * @param answer for the beginning of the answer, from the moment the request has a free connection or may open one, and again
     *        whenever a piece of its body has moved
     */
    record Patience(Duration connect, Duration answer) {
        /** As the reference, except that connecting is given up a little earlier. */
        static final Patience USUAL = new Patience(Duration.ofSeconds(15), Duration.ofSeconds(20));
        /** GitLab itself answers after a minute at most, also where there is nothing to say. */
        static final Patience LONG_POLLS = new Patience(Duration.ofSeconds(15), Duration.ofMinutes(3));
    }

    /**
     * How much goes on at once.
     *
     * @param requests over as many connections at most
     * @param reserved as many are left to calls that somebody known waits for
     * @param multiplexed whether requests may share a connection where there is TLS
     */
    record Capacity(int requests, int reserved, boolean multiplexed) {
        /** For answers that come soon. */
        static final Capacity USUAL = new Capacity(50, 10, true);
        /** For answers that GitLab keeps back; peers do not let so many wait on one connection. */
        static final Capacity LONG_POLLS = new Capacity(20_000, 0, false);
    }

    private final HttpClient.Builder builder;
    private final boolean shared;
    private volatile HttpClient client;
    private final EnvironmentProxies proxies;
    private final Patience patience;
    private final Timers timers;
    private final Places connections;
    private final Optional<HttpTraces> traces;

    HttpTransport(boolean secure, TrustedCertificates trusted, EnvironmentProxies proxies, Patience patience, Timers timers,
            Executor executor) {
        this(secure, trusted, proxies, patience, Capacity.USUAL, timers, executor, Optional.empty());
    }

    HttpTransport(boolean secure, TrustedCertificates trusted, EnvironmentProxies proxies, Patience patience, Capacity capacity,
            Timers timers, Executor executor, Optional<HttpTraces> traces) {
        this.traces = traces;
        this.shared = secure && capacity.multiplexed();
        this.proxies = proxies;
        this.patience = patience;
        this.timers = timers;
        this.connections = new Places(capacity.requests(), capacity.reserved(), timers);
        this.builder = HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NEVER).connectTimeout(patience.connect())
                .executor(executor).proxy(proxies)
                // without TLS the client would ask for an upgrade to HTTP/2, which proxies in front of GitLab do not expect
                .version(shared ? HttpClient.Version.HTTP_2 : HttpClient.Version.HTTP_1_1);
        if (secure) {
            builder.sslContext(trusted.clientContext()).sslParameters(new SSLParameters(CIPHERS, PROTOCOLS));
        }
        this.client = builder.build();
    }

    /**
     * Sends a request and waits for the beginning of the answer.
     *
     * @param headers by lower-case name
     * @param body empty for none; while it moves the answer is not waited for
     * @param inBackground whether it waits behind other calls for a connection
     * @param time how long the caller can wait
     */
    GitLabResponse exchange(String method, URI uri, Map<String, List<String>> headers, RequestBody body, boolean inBackground,
            Optional<Duration> time)
            throws GitLabException, InterruptedException {
        if (traces.isEmpty()) {
            return carry(method, uri, headers, body, inBackground, time);
        }
        HttpTraces.Request request = traces.get().begin(method, uri, headers, body.length());
        try {
            GitLabResponse answer = carry(method, uri, request.headers(headers), body, inBackground, time);
            request.answered(answer);
            return answer;
        } catch (GitLabException | InterruptedException e) {
            request.failed(e);
            throw e;
        }
    }

    private GitLabResponse carry(String method, URI uri, Map<String, List<String>> headers, RequestBody body, boolean inBackground,
            Optional<Duration> time) throws GitLabException, InterruptedException {
        TransportFailure failure = new TransportFailure(method, uri, proxies.proxy(uri));
        // a part of a compressed body could not be decompressed, and there is none behind HEAD
        boolean compressed = !headers.containsKey("accept-encoding") && !headers.containsKey("range") && !method.equals("HEAD");
        Quiet quiet = new Quiet(timers);
        HttpRequest request = request(builder(method, uri, body, quiet), uri, headers, compressed);
        long begin = timers.nanos();
        if (!connections.take(inBackground, time)) {
            throw failure.tooLate(null);
        }
        boolean open = false;
        try {
            HttpResponse<InputStream> answer = answer(request, failure, quiet,
                    time.map(all -> all.minusNanos(timers.nanos() - begin)));
            GitLabResponse response = response(answer, compressed);
            open = true;
            return response;
        } finally {
            if (!open) {
                connections.release();
            }
        }
    }

    /** Methods that usually have no body say nothing of its length where there is none. */
    private static HttpRequest.Builder builder(String method, URI uri, RequestBody body, Quiet quiet) {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri);
        return switch (body.length() == 0 ? method : "") {
            case "GET" -> request.GET();
            case "HEAD" -> request.HEAD();
            case "DELETE" -> request.DELETE();
            default -> request.method(method, quiet.watching(body));
        };
    }

    private HttpRequest request(HttpRequest.Builder request, URI uri, Map<String, List<String>> headers, boolean compressed)
            throws GitLabException {
        for (Map.Entry<String, List<String>> header : headers.entrySet()) {
            for (String value : header.getValue()) {
                add(request, header.getKey(), value, uri);
            }
        }
        if (compressed) {
            request.header("Accept-Encoding", "gzip");
        }
        proxies.authorization(uri).ifPresent(authorization -> request.setHeader("Proxy-Authorization", authorization));
        return request.build();
    }

    /** A value that no header can carry is a credential that GitLab cannot have given; errors must not show it. */
    private static void add(HttpRequest.Builder request, String name, String value, URI uri) throws GitLabException {
        try {
            request.header(name, value);
        } catch (IllegalArgumentException e) {
            throw GitLabException.status(UNAUTHORIZED, uri.getPath(),
                    "not sent: the value of " + name + " contains characters that no header can carry, such as a line break at its end");
        }
    }

    private HttpResponse<InputStream> answer(HttpRequest request, TransportFailure failure, Quiet quiet, Optional<Duration> time)
            throws GitLabException, InterruptedException {
        boolean hurried = time.isPresent() && time.get().compareTo(patience.answer()) < 0;
        HttpClient used = client;
        CompletableFuture<HttpResponse<InputStream>> answer = used.sendAsync(request, BodyHandlers.ofInputStream());
        AtomicBoolean late = new AtomicBoolean();
        Runnable giveUp = () -> {
            late.set(true);
            answer.cancel(true);
        };
        Timers.Cancellable alarm = hurried ? timers.after(time.get(), giveUp) : quiet.after(patience.answer(), giveUp);
        try {
            return answer.get();
        } catch (InterruptedException e) {
            if (!answer.cancel(true) && !answer.isCompletedExceptionally()) {
                // it arrived in this very moment, and nobody wants it
                close(answer.join());
            }
            throw e;
        } catch (CancellationException | ExecutionException e) {
            if (late.get()) {
                leaveShared(used);
                throw hurried ? failure.tooLate(e) : failure.unanswered(e);
            }
            if (TransportFailure.malformed(e)) {
                leave(used);
            }
            throw failure.of(e);
        } finally {
            alarm.cancel();
        }
    }

    /**
     * After an answer that did not come: the calls of HTTP/2 share a connection, and one that died unnoticed would let all of
     * them wait.
     */
    private void leaveShared(HttpClient used) {
        if (shared) {
            leave(used);
        }
    }

    /**
     * Takes new connections from here on; what still runs on the old ones goes on. After an answer that is no HTTP the client of
     * the JDK would keep the connection open for as long as the peer does, and nobody would read from it.
     */
    private synchronized void leave(HttpClient used) {
        if (client.equals(used)) {
            client = builder.build();
            used.shutdown();
        }
    }

    private static void close(HttpResponse<InputStream> answer) {
        try {
            answer.body().close();
        } catch (IOException e) {
            // the connection goes away by this as well
            return;
        }
    }

    private GitLabResponse response(HttpResponse<InputStream> answer, boolean compressed) {
        Map<String, List<String>> headers = new TreeMap<>();
        // pseudo headers of HTTP/2 are none
        answer.headers().map().forEach((name, values) -> headers.computeIfAbsent(name.toLowerCase(Locale.ROOT), key -> new ArrayList<>())
                .addAll(values));
        headers.keySet().removeIf(name -> name.startsWith(":"));
        InputStream body = answer.body();
        // an answer to a condition has no body, whatever it is declared as
        if (compressed && answer.statusCode() != NOT_MODIFIED
                && headers.getOrDefault("content-encoding", List.of()).stream().anyMatch("gzip"::equalsIgnoreCase)) {
            headers.remove("content-encoding");
            headers.remove("content-length");
            body = new LazyGzip(body);
        }
        return new GitLabResponse(answer.statusCode(), headers, body, connections::release);
    }

    /** Decompresses from the first read on: the header of the format is read then, by whoever wants the body. */
    private static final class LazyGzip extends InputStream {
        private final InputStream compressed;
        private Optional<InputStream> opened = Optional.empty();

        LazyGzip(InputStream compressed) {
            this.compressed = compressed;
        }

        private InputStream opened() throws IOException {
            if (opened.isEmpty()) {
                PushbackInputStream peeked = new PushbackInputStream(compressed);
                int first = peeked.read();
                if (first >= 0) {
                    peeked.unread(first);
                }
                // an answer that must not have a body may be declared as compressed all the same
                opened = Optional.of(first < 0 ? InputStream.nullInputStream() : new GZIPInputStream(peeked));
            }
            return opened.get();
        }

        @Override
        public int read() throws IOException {
            return opened().read();
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            return opened().read(bytes, offset, length);
        }

        @Override
        public void close() throws IOException {
            compressed.close();
        }
    }

    /** Ends requests that still run. */
    @Override
    public void close() {
        client.shutdownNow();
    }
}
