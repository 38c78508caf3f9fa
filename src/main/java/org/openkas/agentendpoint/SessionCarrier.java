package org.openkas.agentendpoint;

import jakarta.websocket.CloseReason.CloseCodes;
import jakarta.websocket.Session;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.openkas.websocket.CloseReason;
import org.openkas.websocket.MessageCarrier;

/**
 * An agent's Jakarta WebSocket session. Sending is asynchronous and gives up when the peer has taken nothing for a while;
 * closing may block in the container and so has a virtual thread. Thread-safe.
 */
final class SessionCarrier implements MessageCarrier {
    private final Session session;
    private final CompletableFuture<Void> closed = new CompletableFuture<>();
    private final AtomicBoolean closing = new AtomicBoolean();

    SessionCarrier(Session session) {
        this.session = session;
    }

    @Override
    public void send(ByteBuffer message, Consumer<Optional<Throwable>> done) {
        AtomicBoolean told = new AtomicBoolean();
        Consumer<Optional<Throwable>> once = failure -> {
            if (told.compareAndSet(false, true)) {
                done.accept(failure);
            }
        };
        try {
            session.getAsyncRemote().sendBinary(message, result -> once.accept(result.isOK()
                    ? Optional.empty()
                    : Optional.of(
                            Optional.ofNullable(result.getException()).orElseGet(() -> new IOException("the message could not be sent")))));
        } catch (RuntimeException e) {
            once.accept(Optional.of(e)); // closed meanwhile
        }
    }

    @Override
    public void close(CloseReason reason) {
        if (closing.compareAndSet(false, true)) {
            var _ = Thread.ofVirtual().name("openkas-close").start(() -> closeNow(reason));
        }
    }

    private void closeNow(CloseReason reason) {
        try {
            session.close(new jakarta.websocket.CloseReason(CloseCodes.getCloseCode(reason.code()), reason.reason()));
        } catch (IOException | IllegalStateException e) {
            return; // the peer was faster
        } finally {
            gone();
        }
    }

    /** The session is over. */
    void gone() {
        closing.set(true);
        closed.complete(null);
    }

    /** Completed, never with a failure, when the session is over. */
    CompletableFuture<Void> closed() {
        return closed;
    }
}
