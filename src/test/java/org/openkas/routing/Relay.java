package org.openkas.routing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A network between an agent and the server that a test can freeze: connections stay open, and nothing passes. */
final class Relay implements AutoCloseable {
    private final ServerSocket listener;
    private final int target;
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    private final CountDownLatch abandoned = new CountDownLatch(1);
    private final CountDownLatch closed = new CountDownLatch(1);
    private volatile boolean frozen;
    private volatile boolean clogged;

    Relay(int target) throws IOException {
        this.target = target;
        listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(this::accept);
    }

    int port() {
        return listener.getLocalPort();
    }

    /** What either side sends is taken and lost from now on. */
    void freeze() {
        frozen = true;
    }

    /** What either side sends is not even taken from now on, so that it fills the buffers on the way. */
    void clog() {
        clogged = true;
    }

    /** Waits until the server closes a frozen connection; false if it does not in time. */
    boolean awaitAbandoned(Duration limit) throws InterruptedException {
        return abandoned.await(limit.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void accept() {
        try {
            while (true) {
                Socket client = listener.accept();
                Socket server = new Socket(InetAddress.getLoopbackAddress(), target);
                sockets.addAll(List.of(client, server));
                Thread.ofVirtual().start(() -> copy(client, server, () -> {
                }));
                Thread.ofVirtual().start(() -> copy(server, client, abandoned::countDown));
            }
        } catch (IOException e) {
            return; // closed
        }
    }

    private void copy(Socket from, Socket to, Runnable end) {
        byte[] buffer = new byte[8192];
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            int count = in.read(buffer);
            while (count >= 0) {
                if (clogged) {
                    closed.await();
                    return;
                }
                if (!frozen) {
                    out.write(buffer, 0, count);
                }
                count = in.read(buffer);
            }
            end.run();
        } catch (IOException e) {
            end.run(); // reset, or closed
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() throws IOException {
        closed.countDown();
        listener.close();
        for (Socket socket : sockets) {
            socket.close();
        }
    }
}
