package org.openkas.demo;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Optional;

/**
 * A process's streams as channels of one WebSocket, named by the first byte of each message: 0 what is typed, 1 what is
 * printed, 2 complaints, 3 the status, 4 the terminal's size, 255 the end of a channel ({@code v4} and
 * {@code v5.channel.k8s.io}).
 */
final class WebSocketStreams implements RemoteStreams {
    private static final int CLOSED_CHANNEL = 255;

    private static final Duration LAST_BYTES = Duration.ofSeconds(2);

    private final ApiExchange.Upgraded connection;
    private final WebSocketConnection socket;
    private final BytePipe input = new BytePipe();
    private final boolean terminal;
    private final Thread reader;

    WebSocketStreams(ApiExchange.Upgraded connection, boolean terminal, boolean typed) {
        this.connection = connection;
        this.terminal = terminal;
        socket = new WebSocketConnection(connection.in(), connection.out());
        if (!typed) {
            input.end();
        }
        Thread server = Thread.currentThread();
        reader = Thread.ofVirtual().start(() -> {
            try {
                receive();
            } catch (IOException e) {
                // the client has gone
            }
            input.end();
            server.interrupt();
        });
    }

    private void receive() throws IOException {
        int channel = -1;
        for (Optional<WebSocketConnection.Part> part = socket.next(); part.isPresent(); part = socket.next()) {
            byte[] bytes = part.get().bytes();
            int from = 0;
            if (part.get().first()) {
                if (bytes.length == 0) {
                    continue;
                }
                channel = bytes[0] & 0xFF;
                from = 1;
            }
            if (channel == 0) {
                input.put(bytes, from, bytes.length - from);
            } else if (channel == CLOSED_CHANNEL && bytes.length > from && bytes[from] == 0) {
                input.end();
            }
        }
    }

    @Override
    public InputStream input() {
        return input;
    }

    @Override
    public OutputStream output() {
        return socket.writer(1);
    }

    @Override
    public OutputStream errors() {
        return socket.writer(terminal ? 1 : 2);
    }

    @Override
    public void end(int exitCode) throws IOException {
        socket.writer(3).write(RemoteStreams.statusOf(exitCode));
        socket.close(1000);
        input.close();
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
