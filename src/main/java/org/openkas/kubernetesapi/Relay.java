package org.openkas.kubernetesapi;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpVersion;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.openkas.proto.grpctool.HttpRequest;
import org.openkas.proto.grpctool.HttpResponse;

/**
 * Carries one request to an agent and the answer back (chapter 03 §10 to §15). No queue on either way: the client's body is
 * taken while the call is ready; the agent is a few messages ahead of a client that takes them, and is asked for none while
 * the client does not. Runs on the connection's event loop.
 */
final class Relay implements AgentCall.Events {
    private static final int SWITCHING = 101;
    private static final long UNKNOWN = -1;
    /** Messages that an agent may send ahead of the client. */
    private static final int AHEAD = 8;
    /** Agents send 32 KiB; one that sends more than these bytes at once is not let ahead. */
    private static final int LARGE = 64 << 10;
    /** For an agent to end what the client has already got all of. */
    private static final Duration ENDING = Duration.ofSeconds(5);
    /** An agent of before 2022 knows no upgrades and answers, with a refusal, only when the request has ended for good. */
    private static final Duration UNANSWERED_UPGRADE = Duration.ofSeconds(60);

    private final ExchangeConnection connection;
    private final Exchange exchange;
    private final Proxy proxy;
    private final RequestHead request;
    private final Optional<String> origin;
    private final long agentId;
    private final AgentCall call;
    private boolean requestSent;
    private boolean halfClosed;
    private boolean answered;
    private boolean upgraded;
    private boolean tookOver;
    private boolean bodiless;
    private boolean clean = true;
    private boolean keep;
    private int underWay;
    private int ahead = 1;
    private long left = UNKNOWN;
    private boolean counted;
    private final Deadline deadline;
    private boolean gone;

    /** May throw what opening a call throws. */
    Relay(ExchangeConnection connection, Exchange exchange, Proxy proxy, RequestHead request, Optional<String> origin, long agentId) {
        this.connection = connection;
        this.exchange = exchange;
        this.proxy = proxy;
        this.request = request;
        this.origin = origin;
        this.agentId = agentId;
        this.deadline = new Deadline(proxy.timers(), connection.loop());
        this.call = new AgentCall(proxy.agents().apply(agentId), connection.loop(), this);
    }

    void start(HttpRequest header) {
        call.start();
        more();
        call.send(header);
        if (request.expectsContinue() && !connection.bodyComplete() && !call.isEnded()) {
            connection.output().askForBody();
        }
        if (connection.bodyComplete()) {
            bodyEnded();
        }
    }

    // the way to the agent

    boolean wantsBody() {
        return call.isReady();
    }

    void body(ByteBuf bytes) {
        call.send(AgentRequests.data(bytes));
    }

    void bodyEnded() {
        if (!requestSent) {
            requestSent = true;
            call.send(AgentRequests.TRAILER);
            // an upgrade goes on in this direction; a refused one ends when that is known
            if (!request.upgrade() || (answered && !upgraded)) {
                halfClose();
            } else if (!answered) {
                deadline.arm(UNANSWERED_UPGRADE, this::halfClose);
            }
        }
    }

    private void halfClose() {
        if (!halfClosed) {
            halfClosed = true;
            call.halfClose();
        }
    }

    void brokenBody(String reason) {
        call.cancel();
        if (answered) {
            connection.close();
        } else {
            exchange.brokenBeforeAnswer(reason);
        }
    }

    void bytes(ByteBuf bytes) {
        while (bytes.isReadable()) {
            call.send(AgentRequests.upgradeData(bytes.readSlice(Math.min(bytes.readableBytes(), RequestDecoder.LARGEST_CHUNK))));
        }
    }

    void halfClosed() {
        halfClose();
    }

    /** A client that has got its whole answer may leave before the agent has ended it, which is no reason to cut the agent short. */
    void clientGone() {
        gone = true;
        deadline.disarm();
        boolean complete = answered && !upgraded && (bodiless || (counted && left == 0));
        if (!complete || !halfClosed) {
            call.cancel();
        } else if (!call.isEnded()) {
            deadline.arm(ENDING, call::cancel);
            writable();
        }
    }

    // the way back

    @Override
    public void ready() {
        connection.pump();
    }

    @Override
    public void header(HttpResponse.Header header) {
        underWay--;
        ahead = AHEAD;
        deadline.disarm();
        int code = header.getResponse().getStatusCode();
        upgraded = code == SWITCHING && request.upgrade();
        if ((code < 200 && !upgraded) || code > 999) {
            call.fail(Status.INVALID_ARGUMENT.withDescription("unexpected status code " + code));
            return;
        }
        if (upgraded && !requestSent) {
            // what the client still sends would be taken for the other protocol
            call.fail(Status.INVALID_ARGUMENT.withDescription("unexpected upgrade before the end of the request"));
            return;
        }
        HeaderLines headers = OwnHeaders.ofAgent(header.getResponse().getHeaderMap(), upgraded, proxy, origin, agentId);
        bodiless = upgraded || request.method().equals("HEAD") || code == 204 || code == 304;
        if (request.upgrade() && !upgraded) {
            clean = connection.refuseUpgrade();
        }
        if (!frame(headers, code)) {
            call.fail(Status.INVALID_ARGUMENT.withDescription("invalid Content-Length in response"));
            return;
        }
        answered = true;
        if (upgraded) {
            connection.grantUpgrade();
        }
        connection.output().head(AnswerHead.of(request.version(), code, headers), bodiless);
        if (request.upgrade() && !upgraded && requestSent) {
            halfClose();
        }
        askIfWritable();
    }

    /** Decides how the client sees where the body ends; false if the agent contradicts itself. */
    private boolean frame(HeaderLines headers, int code) {
        if (upgraded) {
            headers.remove("Content-Length");
            return true;
        }
        List<String> lengths = headers.values("Content-Length").stream().distinct().toList();
        if (lengths.size() > 1 || !lengths.stream().allMatch(length -> length.matches("[0-9]{1,18}"))) {
            return false;
        }
        boolean delimited = true;
        if (code == 204 || code == 304) {
            headers.remove("Content-Length");
            if (code == 304) {
                headers.remove("Content-Type");
            }
        } else if (!lengths.isEmpty()) {
            headers.replace("Content-Length", lengths);
            left = bodiless ? UNKNOWN : Long.parseLong(lengths.getFirst());
            counted = !bodiless;
        } else if (request.version().equals(HttpVersion.HTTP_1_0)) {
            delimited = bodiless;
        } else if (!bodiless) {
            headers.replace("Transfer-Encoding", List.of("chunked"));
        }
        keep = delimited && clean && request.keepAlive() && !connection.isStopping();
        if (!keep) {
            headers.replace("Connection", List.of("close"));
        }
        return true;
    }

    @Override
    public void data(ByteString data) {
        underWay--;
        ahead = data.size() > LARGE ? 1 : AHEAD;
        if (bodiless) {
            if (data.isEmpty() || request.method().equals("HEAD")) {
                more();
            } else {
                call.fail(Status.INTERNAL.withDescription("http: request method or response status code does not allow body"));
            }
            return;
        }
        if (counted) {
            left -= data.size();
            if (left < 0) {
                call.fail(Status.INTERNAL.withDescription("http: wrote more than the declared Content-Length"));
                return;
            }
        }
        if (!data.isEmpty()) {
            connection.output().body(Exchange.wrapped(data));
        }
        askIfWritable();
    }

    @Override
    public void trailer() {
        underWay--;
        if (upgraded) {
            tookOver = true;
            connection.takeOver();
        } else if (request.upgrade() && requestSent) {
            halfClose();
        }
        more();
    }

    @Override
    public void upgradeData(ByteString data) {
        underWay--;
        ahead = data.size() > LARGE ? 1 : AHEAD;
        if (!tookOver) {
            call.fail(Status.INTERNAL.withDescription("unexpected field number received: 4"));
            return;
        }
        connection.output().bytes(Exchange.wrapped(data));
        askIfWritable();
    }

    private void askIfWritable() {
        if (connection.isWritable()) {
            more();
        }
    }

    /** Asks for several at once: an agent that still owes some does not wait for it. */
    private void more() {
        int count = ahead - underWay;
        if (count > 0 && (underWay == 0 || count >= AHEAD / 2)) {
            underWay += count;
            call.request(count);
        }
    }

    void writable() {
        more();
    }

    @Override
    public void ended(Status status) {
        deadline.disarm();
        if (gone) {
            return;
        }
        if (tookOver) {
            if (status.isOk()) {
                connection.output().closeAfterWrites();
            } else {
                exchange.broken("HTTP->gRPC: failed to pipe upgraded connection streams", String.valueOf(status.getDescription()));
                connection.close();
            }
        } else if (!answered) {
            exchange.failed(requestSent ? "HTTP->gRPC: failed to read gRPC response" : "HTTP->gRPC: failed to send request data", status);
            connection.pump();
        } else if (!status.isOk()) {
            exchange.broken("HTTP->gRPC: failed to read gRPC response", String.valueOf(status.getDescription()));
            connection.close();
        } else if (counted && left > 0) {
            connection.output().closeAfterWrites();
        } else {
            exchange.done();
            connection.finish(keep && (connection.bodyComplete() || request.contentLength() >= 0));
        }
    }
}
