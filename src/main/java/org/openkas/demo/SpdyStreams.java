package org.openkas.demo;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A process's streams as streams of SPDY, one each ({@code v4.channel.k8s.io}). */
final class SpdyStreams implements RemoteStreams {
    private static final Duration LAST_BYTES = Duration.ofSeconds(2);

    private final ApiExchange.Upgraded connection;
    private final Map<String, SpdyConnection.Stream> streams = new HashMap<>();
    private final CountDownLatch complete = new CountDownLatch(1);
    private final boolean terminal;
    private final Thread reader;

    /** Waits until the client has opened the streams of the given types; then ready to use. */
    SpdyStreams(ApiExchange.Upgraded connection, Set<String> expected, boolean terminal) throws IOException, InterruptedException {
        this.connection = connection;
        this.terminal = terminal;
        SpdyConnection spdy = new SpdyConnection(connection.in(), connection.out());
        Thread server = Thread.currentThread();
        reader = Thread.ofVirtual().start(() -> {
            try {
                spdy.serve(stream -> {
                    synchronized (streams) {
                        streams.put(stream.header("streamtype"), stream);
                        if (streams.keySet().containsAll(expected)) {
                            complete.countDown();
                        }
                    }
                });
            } catch (IOException e) {
                // the client has gone
            }
            server.interrupt();
        });
        if (!complete.await(30, TimeUnit.SECONDS)) {
            throw new IOException("the client did not open the streams " + expected);
        }
    }

    private Optional<SpdyConnection.Stream> stream(String type) {
        synchronized (streams) {
            return Optional.ofNullable(streams.get(type));
        }
    }

    @Override
    public InputStream input() {
        return stream("stdin").map(SpdyConnection.Stream::received).orElseGet(InputStream::nullInputStream);
    }

    @Override
    public OutputStream output() {
        return stream("stdout").<OutputStream>map(stream -> stream).orElseGet(OutputStream::nullOutputStream);
    }

    @Override
    public OutputStream errors() {
        return terminal ? output() : stream("stderr").<OutputStream>map(stream -> stream).orElseGet(OutputStream::nullOutputStream);
    }

    @Override
    public void end(int exitCode) throws IOException {
        output().close();
        errors().close();
        SpdyConnection.Stream errors = stream("error").orElseThrow(() -> new IOException("no stream for the status"));
        errors.write(RemoteStreams.statusOf(exitCode));
        errors.close();
        input().close();
    }

    /** Gives the client a moment to take the last bytes: closing with unread bytes would take them back. */
    @Override
    public void close() throws IOException {
        try {
            reader.join(LAST_BYTES);
        } catch (InterruptedException e) {
            // the client has gone
        }
        connection.close();
    }
}
