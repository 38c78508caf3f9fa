package org.openkas.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.openkas.testkit.AgentServices;
import org.openkas.testkit.Http2Frame;
import org.openkas.testkit.Threads;
import org.openkas.websocket.CloseReason;
import org.openkas.websocket.MessageCarrier;
import org.openkas.websocket.MessageChannel;

/** Sessions that a container hands over, without a container. */
class HandoffListenerTest {
    private final Threads threads = new Threads();
    private final HandoffListener listener = new HandoffListener(new HandoffSettings(Duration.ofHours(2), Duration.ZERO, ConnectionPolicy.STANDARD),
            threads.runtime(), new MethodTable(new AgentServices().all(), List.of()));
    private final Session session = new Session();

    /** Holds what was sent until the test says that it is through. */
    private static final class Session implements MessageCarrier {
        private final BlockingQueue<byte[]> sent = new LinkedBlockingQueue<>();
        private final BlockingQueue<Consumer<Optional<Throwable>>> under = new LinkedBlockingQueue<>();
        private final CompletableFuture<CloseReason> closed = new CompletableFuture<>();
        private boolean flowing;

        @Override
        public synchronized void send(ByteBuffer message, Consumer<Optional<Throwable>> done) {
            if (flowing) {
                done.accept(Optional.empty());
                return;
            }
            assertThat(message.isDirect()).isTrue();
            assertThat(under).as("messages under way").isEmpty();
            byte[] bytes = new byte[message.remaining()];
            message.duplicate().get(bytes);
            under.add(done);
            sent.add(bytes);
        }

        @Override
        public void close(CloseReason reason) {
            assertThat(closed.complete(reason)).as("closed once").isTrue();
        }

        /** From now on the peer takes everything. */
        synchronized void flow() {
            flowing = true;
            under.forEach(done -> done.accept(Optional.empty()));
        }

        byte[] next() throws InterruptedException {
            byte[] bytes = sent.poll(5, TimeUnit.SECONDS);
            assertThat(bytes).as("a message").isNotNull();
            return bytes;
        }

        void through(Optional<Throwable> failure) throws InterruptedException {
            under.poll(5, TimeUnit.SECONDS).accept(failure);
        }

        CloseReason reason() throws Exception {
            return closed.get(5, TimeUnit.SECONDS);
        }
    }

    @BeforeEach
    void start() {
        listener.start();
    }

    @AfterEach
    void stop() {
        session.flow();
        listener.close();
        threads.close();
    }

    private MessageChannel open(byte[]... more) throws Exception {
        MessageChannel channel = listener.accept(session).orElseThrow();
        channel.received(ByteBuffer.wrap(Http2Frame.join(Http2Frame.opening(4, 0x7fffffff), Http2Frame.windowUpdate(0, 0x7fff0000 - 65535).bytes())));
        for (byte[] bytes : more) {
            channel.received(ByteBuffer.wrap(bytes));
        }
        return channel;
    }

    @Test
    void oneMessageIsUnderWayAndNoneIsAbove64KiB() throws Exception {
        open(Http2Frame.join(Http2Frame.call(1, "/test.Bulk/Download", "x").bytes(), Http2Frame.message(1, new byte[0], true).bytes()));
        long bytes = 0;
        while (bytes < 1 << 20) {
            byte[] message = session.next();
            assertThat(message.length).isBetween(1, 64 << 10);
            bytes += message.length;
            session.through(Optional.empty());
        }
    }

    @Test
    void bytesInAnyPiecesMakeACall() throws Exception {
        MessageChannel channel = open();
        for (byte each : Http2Frame.join(Http2Frame.call(1, "/test.Bulk/Echo", "x").bytes(), Http2Frame.message(1, new byte[]{10, 1, 42}, true).bytes())) {
            channel.received(ByteBuffer.wrap(new byte[]{each}));
        }
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        byte[] answer = Http2Frame.message(1, new byte[]{10, 1, 42}, false).bytes();
        while (!new String(all.toByteArray(), "ISO-8859-1").contains(new String(answer, "ISO-8859-1"))) {
            all.writeBytes(session.next());
            session.through(Optional.empty());
        }
    }

    @Test
    void aFailedMessageEndsTheConnection() throws Exception {
        open();
        session.next();
        session.through(Optional.of(new IOException("gone")));
        assertThat(session.reason()).isEqualTo(CloseReason.NORMAL);
    }

    @Test
    void theEndOfTheSessionEndsTheConnection() throws Exception {
        open().ended();
        assertThat(session.reason()).isEqualTo(CloseReason.NORMAL);
    }

    @Test
    void aRefusalIsTheReasonOfTheClose() throws Exception {
        open().refuse(CloseReason.TEXT_MESSAGE);
        assertThat(session.reason()).isEqualTo(CloseReason.TEXT_MESSAGE);
    }

    @Test
    void aPeerThatIsNotReadFromWaits() throws Exception {
        MessageChannel channel = open();
        for (int stream = 1; stream < 8; stream += 2) {
            channel.received(ByteBuffer.wrap(Http2Frame.join(Http2Frame.call(stream, "/test.Bulk/Download", "x").bytes(),
                    Http2Frame.message(stream, new byte[0], true).bytes())));
        }
        session.next(); // never through: the channel is full soon, and nothing is read
        await().until(() -> !channel.isWritable());
        byte[] junk = new Http2Frame(0x77, 0, 0, new byte[16_000]).bytes();
        Thread flood = Thread.ofVirtual().start(() -> {
            try {
                while (!session.closed.isDone()) {
                    channel.received(ByteBuffer.wrap(junk));
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        assertThat(flood.join(Duration.ofMillis(500))).as("the flood waits").isFalse();
        session.through(Optional.of(new IOException("gone"))); // the connection ends and lets the thread go
        assertThat(flood.join(Duration.ofSeconds(5))).isTrue();
    }

    @Test
    void nothingIsAcceptedAfterTheEnd() throws Exception {
        open();
        session.flow();
        listener.drain(Duration.ofMillis(100));
        assertThat(session.reason()).isEqualTo(CloseReason.NORMAL);
        assertThat(listener.accept(new Session())).isEmpty();
    }
}
