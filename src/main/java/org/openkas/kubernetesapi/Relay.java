package org.openkas.kubernetesapi;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.netty.buffer.ByteBuf;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.openkas.grpc.StatusText;
import org.openkas.proto.grpctool.HttpRequest;
import org.openkas.proto.grpctool.HttpResponse;

/**
 * Carries one request to an agent and the answer back (chapter 03 §10 to §15). No queue on either way: the client's body is
 * taken while the call is ready; the agent is a few messages ahead of a client that takes them, and is asked for none while
 * the client does not. Runs on the connection's event loop.
 */
final class Relay implements Responder, AgentCall.Events {
    private static final int SWITCHING = 101;
    private static final int UPGRADE_REQUIRED = 426;
    /** Messages that an agent may send ahead of the client. */
    private static final int AHEAD = 8;
    /** Agents send 32 KiB; one that sends more than these bytes at once is not let ahead. */
    private static final int LARGE = 64 << 10;
    /** Bytes of a body, at the reference. */
    private static final long KEPT_WITHOUT_AGENT = 128 << 10;
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
    private boolean found;
    private boolean requestSent;
    private boolean halfClosed;
    private boolean answered;
    private boolean upgraded;
    private boolean tookOver;
    private boolean clean = true;
    private boolean keep;
    private int underWay;
    private int ahead = 1;
    private @Nullable AnswerFraming framing;
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

    @Override
    public boolean wantsBody() {
        return call.isReady();
    }

    @Override
    public void body(ByteBuf bytes) {
        call.send(AgentRequests.data(bytes));
    }

    @Override
    public void bodyEnded() {
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

    @Override
    public void brokenBody(String reason) {
        call.cancel();
        if (answered) {
            connection.close();
        } else {
            exchange.brokenBeforeAnswer(reason);
        }
    }

    @Override
    public void bytes(ByteBuf bytes) {
        while (bytes.isReadable()) {
            call.send(AgentRequests.upgradeData(bytes.readSlice(Math.min(bytes.readableBytes(), RequestDecoder.LARGEST_CHUNK))));
        }
    }

    @Override
    public void halfClosed() {
        halfClose();
    }

    /** A client that has got its whole answer may leave before the agent has ended it, which is no reason to cut the agent short. */
    @Override
    public void clientGone() {
        gone = true;
        deadline.disarm();
        boolean complete = answered && !upgraded && framing().complete();
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
        found = true;
        connection.pump();
    }

    @Override
    public void header(HttpResponse.Header header) {
        underWay--;
        ahead = AHEAD;
        deadline.disarm();
        int code = header.getResponse().getStatusCode();
        upgraded = code == SWITCHING && request.upgrade();
        if (code < 100 || code > 999) {
            unwritable("invalid status code " + code);
            return;
        }
        if (code < 200 && !upgraded) {
            call.fail(Status.INVALID_ARGUMENT.withDescription("unexpected status code " + code));
            return;
        }
        if (upgraded && !requestSent) {
            // what the client still sends would be taken for the other protocol
            call.fail(Status.INVALID_ARGUMENT.withDescription("unexpected upgrade before the end of the request"));
            return;
        }
        HeaderLines headers = OwnHeaders.ofAgent(header.getResponse().getHeaderMap(), upgraded || code == UPGRADE_REQUIRED, proxy, origin,
                agentId);
        if (request.upgrade() && !upgraded) {
            clean = connection.refuseUpgrade();
        }
        framing = upgraded ? AnswerFraming.ofUpgrade(headers) : AnswerFraming.of(request, code, headers).orElse(null);
        if (framing == null) {
            call.fail(Status.INVALID_ARGUMENT.withDescription("invalid Content-Length in response"));
            return;
        }
        keep = framing.delimited() && clean && request.keepAlive() && !connection.isStopping();
        if (!keep && !upgraded) {
            headers.replace("Connection", List.of("close"));
        }
        answered = true;
        exchange.answered(code);
        if (upgraded) {
            connection.grantUpgrade();
        }
        connection.output().head(AnswerHead.of(request.version(), code, headers), framing.bodiless());
        if (request.upgrade() && !upgraded && requestSent) {
            halfClose();
        }
        askIfWritable();
    }

    /** Known when the agent has answered. */
    private AnswerFraming framing() {
        return Objects.requireNonNull(framing);
    }

    @Override
    public void data(ByteString data) {
        underWay--;
        ahead = data.size() > LARGE ? 1 : AHEAD;
        if (framing().bodiless()) {
            if (data.isEmpty() || request.method().equals("HEAD")) {
                more();
            } else {
                unwritable("http: request method or response status code does not allow body");
            }
            return;
        }
        if (!framing().takes(data.size())) {
            unwritable("http: wrote more than the declared Content-Length");
            return;
        }
        if (!data.isEmpty()) {
            exchange.sent(data.size());
            connection.output().body(Exchange.wrapped(data));
        }
        askIfWritable();
    }

    /** The agent's answer does not fit what it announced. */
    private void unwritable(String why) {
        call.cancel();
        exchange.broken("HTTP->gRPC: failed to write HTTP response", why);
        connection.close();
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

    /** Keeps so many messages asked for; the channel gathers what is asked for one by one. */
    private void more() {
        int count = ahead - underWay;
        if (count > 0) {
            underWay += count;
            call.request(count);
        }
    }

    @Override
    public void writable() {
        more();
    }

    /** Whether it is the answer that is missing: of a request that found no agent the reference takes as much as it can keep. */
    private boolean requestTaken() {
        return requestSent || (!found && request.contentLength() <= KEPT_WITHOUT_AGENT);
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
                exchange.broken("HTTP->gRPC: failed to pipe upgraded connection streams",
                        "failed to read upgraded gRPC response: " + StatusText.of(status));
                connection.close();
            }
        } else if (!answered) {
            exchange.failed(requestTaken() ? "HTTP->gRPC: failed to read gRPC response" : "HTTP->gRPC: failed to send request data", status);
            connection.pump();
        } else if (!status.isOk()) {
            exchange.broken("HTTP->gRPC: failed to read gRPC response", StatusText.of(status));
            connection.close();
        } else if (framing().cutShort()) {
            connection.output().closeAfterWrites();
        } else {
            exchange.done();
            connection.finish(keep && (connection.bodyComplete() || request.contentLength() >= 0));
        }
    }
}
