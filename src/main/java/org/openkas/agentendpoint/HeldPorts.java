package org.openkas.agentendpoint;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.random.RandomGenerator;

/**
 * Keeps one request of our own waiting on each port that agents use. A stopping Open Liberty waits for requests, but not for
 * WebSockets: it closes a port with all its connections as soon as no request runs there. While ours waits, agents can be
 * sent away in order. Where the request is not possible, agents are cut off, and nothing else changes. Thread-safe.
 */
@ApplicationScoped
public class HeldPorts {
    private static final int CONNECT_MILLIS = 5_000;
    private static final int SECRET_BYTES = 16;

    private final String path = "/-/openkas-hold/" + secret();
    private final Map<Port, Held> held = new ConcurrentHashMap<>();
    private final Set<AsyncContext> waiting = ConcurrentHashMap.newKeySet();

    private record Port(String address, int port, boolean secure) {
    }

    /** A port that is held, or about to be. */
    private static final class Held {
        private Socket socket = new Socket();
        private boolean released;

        synchronized void connected(Socket connected) throws IOException {
            socket = connected;
            if (released) {
                connected.close();
            }
        }

        synchronized void release() throws IOException {
            released = true;
            socket.close();
        }
    }

    private static String secret() {
        byte[] bytes = new byte[SECRET_BYTES];
        RandomGenerator.of("SecureRandom").nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    /** Holds the port on which an agent's request came, if it is not held yet. Does not block. */
    void hold(HttpServletRequest agent) {
        Port port = new Port(agent.getLocalAddr(), agent.getLocalPort(), agent.isSecure());
        Held fresh = new Held();
        if (held.putIfAbsent(port, fresh) == null) {
            String request = "GET " + agent.getContextPath() + path + " HTTP/1.1\r\nHost: " + agent.getHeader("Host") + "\r\n\r\n";
            Thread.ofVirtual().name("openkas-hold").start(() -> ask(port, fresh, request));
        }
    }

    private void ask(Port port, Held fresh, String request) {
        try {
            Socket socket = new Socket();
            fresh.connected(socket);
            socket.connect(new InetSocketAddress(port.address(), port.port()), CONNECT_MILLIS);
            if (port.secure()) {
                socket = OwnPort.tls(socket, port.address(), port.port());
                fresh.connected(socket);
            }
            socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
        } catch (IOException e) {
            held.remove(port, fresh); // the next agent tries again
            close(fresh);
        }
    }

    private static void close(Held one) {
        try {
            one.release();
        } catch (IOException e) {
            return; // closed all the same
        }
    }

    /** Whether this is a request of ours; it waits then. */
    boolean takes(HttpServletRequest request) {
        if (!request.getServletPath().equals(path)) {
            return false;
        }
        AsyncContext context = request.startAsync();
        context.setTimeout(0);
        waiting.add(context);
        return true;
    }

    /** Lets all ports go. */
    public void release() {
        waiting.forEach(context -> {
            waiting.remove(context);
            try {
                context.complete();
            } catch (IllegalStateException e) {
                return; // its connection is gone
            }
        });
        held.forEach((port, each) -> {
            held.remove(port, each);
            close(each);
        });
    }
}
