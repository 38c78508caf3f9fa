package org.openkas.kubernetesapi;

import io.netty.buffer.ByteBuf;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import org.openkas.common.Log;
import org.openkas.kubernetesaccess.Access;
import org.openkas.watch.WatchClient;
import org.openkas.watch.WatchSession;
import org.openkas.websocket.CloseReason;
import org.openkas.websocket.TextMessages;
import org.openkas.websocket.UpgradeDecision;

/**
 * A client's connection that became a WebSocket for watches (chapter 07 §8.3): no watch goes on without somebody who reads it,
 * and none goes on for a client that has left. Runs on the connection's event loop.
 */
final class WatchSocket implements Responder, TextMessages.Events, WatchClient {
    /** Also what keeps proxies in front from taking the connection for an idle one. */
    private static final Duration PING = Duration.ofSeconds(30);
    /** For a client to take {@link #PIECE} bytes. */
    private static final Duration WRITE_TIME = Duration.ofSeconds(30);
    /** For a client that is told to go to say that it goes. */
    private static final Duration GOODBYE = Duration.ofSeconds(5);
    /** After a working day a client has to show again who it is: rights are looked at only when the connection begins. */
    private static final Duration LIFE = Duration.ofHours(8);
    private static final CloseReason AGED = new CloseReason(1001, "the connection is 8 hours old");
    private static final int PIECE = 32 << 10;

    private final ExchangeConnection connection;
    private final Exchange exchange;
    private final Proxy proxy;
    private final RequestHead request;
    private final UpgradeDecision.Accept accept;
    private final Optional<String> origin;
    private final TextMessages messages = new TextMessages(this, WatchSession.LARGEST_MESSAGE);
    private final WatchSession session;
    private final Deadline ping;
    private final Deadline end;
    private Optional<byte[]> owedPong = Optional.empty();
    private boolean open;
    private boolean closing;
    private boolean heard = true;

    WatchSocket(ExchangeConnection connection, Exchange exchange, Proxy proxy, RequestHead request, UpgradeDecision.Accept accept,
            Optional<String> origin, Access access, RequestTrace trace, Log log) {
        this.connection = connection;
        this.exchange = exchange;
        this.proxy = proxy;
        this.request = request;
        this.accept = accept;
        this.origin = origin;
        ping = deadline();
        end = deadline();
        session = new WatchSession(this, new WatchRequests(proxy, connection.loop(), access, request.headers(), trace, log), this::deadline,
                proxy.timers(), () -> ThreadLocalRandom.current().nextLong(), () -> proxy.usage().count(access));
    }

    private Deadline deadline() {
        return new Deadline(proxy.timers(), connection.loop());
    }

    void start() {
        if (connection.bodyComplete()) {
            bodyEnded();
        }
    }

    @Override
    public void bodyEnded() {
        HeaderLines headers = OwnHeaders.of(proxy.serverName(), origin);
        accept.headers().forEach((name, value) -> headers.replace(name, List.of(value)));
        AnswerHead.date(headers, proxy.timers().now());
        open = true;
        exchange.answered(101);
        connection.grantUpgrade();
        connection.output().head(AnswerHead.of(request.version(), 101, headers), true);
        connection.output().patience(WRITE_TIME);
        ping.arm(PING, this::ping);
        end.arm(LIFE, () -> end(AGED));
        connection.takeOver();
    }

    private void ping() {
        if (!heard) {
            connection.close();
            return;
        }
        heard = false;
        write(TextMessages.ping());
        ping.arm(PING, this::ping);
    }

    // what the client does

    @Override
    public boolean wantsBody() {
        return !open || connection.isWritable();
    }

    @Override
    public void body(ByteBuf bytes) {
        // a request that announces a body is refused before
        connection.close();
    }

    @Override
    public void brokenBody(String reason) {
        connection.close();
    }

    @Override
    public void bytes(ByteBuf bytes) {
        heard = true;
        messages.read(bytes);
    }

    @Override
    public void message(String text) {
        if (!closing) {
            session.message(text);
        }
    }

    @Override
    public void ping(byte[] payload) {
        // the last of several is answered, and only as fast as the client reads: a flood of pings costs nothing
        owedPong = Optional.of(payload);
        payPong();
    }

    private void payPong() {
        if (owedPong.isPresent() && connection.isWritable() && !closing) {
            write(TextMessages.pong(owedPong.get()));
            owedPong = Optional.empty();
        }
    }

    @Override
    public void closed(CloseReason reason) {
        if (!closing) {
            leave();
            write(TextMessages.close(reason));
        }
        exchange.done();
        connection.output().closeAfterWrites();
    }

    @Override
    public void ended(CloseReason reason) {
        end(reason);
    }

    @Override
    public void writable() {
        payPong();
        session.writable();
        connection.pump();
    }

    @Override
    public void halfClosed() {
        // a client that wants anything more would not say that it has nothing more to say
        connection.close();
    }

    @Override
    public void clientGone() {
        leave();
        end.disarm();
    }

    @Override
    public void stop() {
        if (open) {
            end(CloseReason.SHUTTING_DOWN);
        }
    }

    private void leave() {
        closing = true;
        ping.disarm();
        session.close();
    }

    // what watches want

    @Override
    public void send(byte[] text) {
        if (!closing) {
            write(TextMessages.text(text));
        }
    }

    private void write(ByteBuf frame) {
        while (frame.readableBytes() > PIECE) {
            connection.output().bytes(frame.readRetainedSlice(PIECE));
        }
        connection.output().bytes(frame);
    }

    @Override
    public boolean takesMore() {
        return !closing && connection.isWritable();
    }

    @Override
    public void end(CloseReason reason) {
        if (!closing) {
            leave();
            write(TextMessages.close(reason));
            end.arm(GOODBYE, connection::close);
        }
    }
}
