package org.openkas.kubernetesapi;

import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.util.concurrent.EventExecutor;
import java.net.SocketAddress;
import java.util.List;

/**
 * A client's connection for the time of one exchange: takes its answer and its end, and turns into another protocol if the
 * exchange wants it (chapter 03 §2, §13). Used on the connection's event loop.
 */
final class ExchangeConnection {
    private final ClientConnection connection;
    private final Proxy proxy;
    private final ClientInput clientInput;
    private final ClientOutput output;
    private final Exchange exchange;
    private final ExchangeInput input;

    ExchangeConnection(ClientConnection connection, Proxy proxy, ClientInput clientInput, ClientOutput output, ResetWatch resetWatch) {
        this.connection = connection;
        this.proxy = proxy;
        this.clientInput = clientInput;
        this.output = output;
        exchange = new Exchange(this, proxy);
        input = new ExchangeInput(exchange, clientInput, resetWatch, connection::close);
    }

    // what the connection tells

    void begin(HttpRequest request) {
        exchange.begin(request);
    }

    /** Hands on what the client has sent next, if the exchange can take it; whether there may be more to do. */
    boolean next() {
        return input.next();
    }

    /** The client takes more. */
    void writable() {
        exchange.writable();
    }

    /** The listener stops. */
    void stop() {
        exchange.stop();
    }

    /** Nobody is there any more. */
    void clientGone() {
        input.end();
        exchange.clientGone();
    }

    // what the exchange uses

    /** Where the client is. */
    SocketAddress client() {
        return connection.client();
    }

    EventExecutor loop() {
        return connection.loop();
    }

    ClientOutput output() {
        return output;
    }

    boolean isWritable() {
        return output.isWritable();
    }

    boolean isStopping() {
        return connection.isStopping();
    }

    boolean bodyComplete() {
        return input.bodyComplete();
    }

    /** The whole body has come, taken or not. */
    boolean bodyArrived() {
        return input.bodyComplete() || clientInput.holdsEnd();
    }

    /** The client has said that it sends no more, in the middle of a body. */
    boolean bodyCutShort() {
        return input.bodyCutShort();
    }

    /** Moves what can be moved, see {@link ClientConnection#pump}. */
    void pump() {
        connection.pump();
    }

    /** An answer that needs no agent: status, headers, and the whole body. */
    void answer(HttpVersion version, int status, HeaderLines headers, byte[] body, boolean head, boolean keep) {
        boolean goesOn = keep && refuseUpgrade();
        AnswerHead.date(headers, proxy.timers().now());
        headers.replace("Content-Length", List.of(Integer.toString(body.length)));
        if (!goesOn) {
            headers.replace("Connection", List.of("close"));
        }
        output.answer(AnswerHead.of(version, status, headers), body, head);
        finish(goesOn);
    }

    /**
     * Ends the answer.
     *
     * @param keep whether the connection may go on, as the answer said
     */
    void finish(boolean keep) {
        boolean bodyComplete = input.bodyComplete();
        input.end();
        output.end();
        connection.answered(bodyComplete, keep && refuseUpgrade());
    }

    /**
     * The upgrade that the client asked for is refused: what it sends from now on is HTTP.
     *
     * @return false if it has sent something early, which may be anything: the connection cannot go on
     */
    boolean refuseUpgrade() {
        return clientInput.refuseUpgrade();
    }

    /** The client is told that its upgrade is granted: from here on it may half-close and is still there. */
    void grantUpgrade() {
        input.grant();
    }

    /** Turns the connection into one that carries bytes. */
    void takeOver() {
        input.upgrade();
        output.upgrade();
        clientInput.upgrade();
        connection.pump();
    }

    /** Closes without another word. */
    void close() {
        connection.close();
    }
}
