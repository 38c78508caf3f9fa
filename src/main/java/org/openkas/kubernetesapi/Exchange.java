package org.openkas.kubernetesapi;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;
import org.openkas.common.Log;
import org.openkas.grpc.StatusText;
import org.openkas.kubernetesaccess.Access;
import org.openkas.kubernetesaccess.Credential;
import org.openkas.kubernetesaccess.CredentialException;
import org.openkas.kubernetesaccess.CredentialReader;
import org.openkas.kubernetesaccess.RefusedException;
import org.openkas.watch.WatchSession;
import org.openkas.websocket.UpgradeDecision;
import org.openkas.websocket.UpgradeRules;

/**
 * One request from its header to the end of its answer, in the order of chapter 03 §3. Runs on the connection's event loop,
 * except that credentials are looked up elsewhere.
 */
final class Exchange {
    /** What begins all messages to clients. */
    static final String PREFIX = "GitLab Agent Server: ";
    private static final long MOST_DROPPED = 256 << 10;

    private final ExchangeConnection connection;
    private final Proxy proxy;
    private Log log;
    private Optional<String> origin = Optional.empty();
    private RequestTrace trace = RequestTrace.NONE;
    private @Nullable RequestHead request;
    private RequestMeter meter = RequestMeter.NONE;
    private @Nullable Future<?> lookUp;
    private @Nullable Responder responder;
    private boolean over;

    Exchange(ExchangeConnection connection, Proxy proxy) {
        this.connection = connection;
        this.proxy = proxy;
        this.log = proxy.log();
    }

    /** Begins. */
    void begin(HttpRequest wire) {
        switch (RequestHead.of(wire)) {
            case RequestHead.Objected(RequestHead.Objection objection) -> {
                HeaderLines headers = OwnHeaders.none();
                if (!objection.text().isEmpty()) {
                    headers.replace("Content-Type", List.of("text/plain; charset=utf-8"));
                }
                over = true;
                connection.answer(HttpVersion.HTTP_1_1, objection.status(), headers, text(objection.text()), false,
                        false);
            }
            case RequestHead.Read(RequestHead head) -> {
                request = head;
                begin(head);
            }
        }
    }

    private void begin(RequestHead head) {
        if (proxy.tracer().isPresent()) {
            trace = RequestTrace.begin(proxy.tracer().get(), head, proxy.settings().security(), connection.client());
        }
        boolean options = head.method().equals("OPTIONS");
        if (options && head.target().server()) {
            answer(head, 200, OwnHeaders.none(), new byte[0]);
            return;
        }
        meter = proxy.metrics().begin(head, proxy.settings().security(), proxy.timers());
        origin = head.headers().first("Origin").filter(value -> !value.isEmpty());
        if (origin.isPresent() && !origin.equals(proxy.settings().allowedOrigin())) {
            log.debug("Received Origin \"" + origin.get() + "\" is not in configured allowed origins");
            answer(head, 403, OwnHeaders.none(), new byte[0]);
            return;
        }
        if (options) {
            answer(head, 200, OwnHeaders.preflight(head, proxy.serverName(), origin), new byte[0]);
            return;
        }
        log = trace.in(log);
        String prefix = proxy.settings().urlPathPrefix();
        if (!head.target().path().startsWith(prefix)) {
            String message = "Bad request: URL does not start with expected prefix";
            log.with("url_path", head.target().path()).with("url_path_prefix", prefix).debug(message);
            refuse(head, 400, message, Optional.empty());
            return;
        }
        if (head.target().path().equals(prefix + "graph")) {
            refuse(head, 501, "Object graphs are not supported", Optional.empty());
            return;
        }
        if (TokenProtocol.asks(head) && proxy.tokens().isEmpty()) {
            refuse(head, 404, "WebSocket tokens are not configured", Optional.empty());
            return;
        }
        Optional<String> token = TokenProtocol.token(head.headers());
        if (token.isPresent() && proxy.tokens().isPresent() && !head.headers().has("Authorization")) {
            ask(head, () -> proxy.redeem(token.get(), head.target().path()));
            return;
        }
        try {
            identify(head, CredentialReader.read(head.headers()::texts, head.target().query()));
        } catch (CredentialException e) {
            log.withError(e).debug("Unauthorized");
            refuse(head, 401, "Unauthorized", Optional.ofNullable(e.getMessage()));
        }
    }

    private void identify(RequestHead head, Credential credential) {
        log = log.with("agent_id", credential.agentId());
        trace.agent(credential.agentId());
        Optional<Access> known = proxy.access().known(credential);
        if (known.isPresent()) {
            admit(head, known.get());
            return;
        }
        ask(head, () -> proxy.access().access(credential));
    }

    /** How it is found out what a client may do; may block. */
    private interface Question {
        Access answer() throws RefusedException, InterruptedException;
    }

    private void ask(RequestHead head, Question question) {
        FutureTask<Void> task = new FutureTask<>(() -> answer(head, question), null);
        lookUp = task;
        proxy.executor().execute(trace.carried(task));
    }

    /** Runs on a thread of its own, which is interrupted when the client goes away. */
    private void answer(RequestHead head, Question question) {
        try {
            Access access = question.answer();
            then(() -> admit(head, access));
        } catch (RefusedException e) {
            then(() -> refused(head, e));
        } catch (InterruptedException e) {
            // nobody is there to be answered
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            log.withError(e).error("Looking up a credential failed");
            then(() -> refuse(head, 500, "Internal error", Optional.empty()));
        }
    }

    private void then(Runnable next) {
        connection.loop().execute(() -> {
            if (over) {
                return;
            }
            try {
                next.run();
                connection.pump();
            } catch (RuntimeException e) {
                log.withError(e).error("Serving a request failed");
                connection.close();
            }
        });
    }

    private void refused(RequestHead head, RefusedException refusal) {
        Log line = refusal.loggedReason().map(reason -> log.with("error", reason)).orElse(log);
        if (refusal.fault()) {
            (refusal.remedy().isEmpty() ? line : line.with("remedy", refusal.remedy())).error(refusal.logMessage());
        } else {
            line.debug(refusal.logMessage());
        }
        refuse(head, refusal.status(), String.valueOf(refusal.getMessage()), refusal.shownReason());
    }

    private void admit(RequestHead head, Access access) {
        trace.agent(access.agentId());
        if (TokenProtocol.asks(head)) {
            HeaderLines headers = OwnHeaders.of(proxy.serverName(), origin);
            headers.replace("Content-Type", List.of("application/json"));
            headers.replace("Cache-Control", List.of("no-store"));
            String token = proxy.tokens().orElseThrow().issue(access, head.target().path());
            answer(head, 200, headers, text("{\"token\":\"" + token + "\"}"));
        } else if (head.upgrade() && head.target().path().equals(proxy.settings().urlPathPrefix() + "watch")) {
            watch(head, access);
        } else {
            open(head, access);
        }
    }

    private void watch(RequestHead head, Access access) {
        switch (UpgradeRules.decide(head.forUpgrade(), WatchSession.SUBPROTOCOL)) {
            case UpgradeDecision.Reject refusal -> refuse(head, refusal.status(), refusal.body().strip(), Optional.empty());
            case UpgradeDecision.Accept _ when head.contentLength() != 0 ->
                refuse(head, 400, "A WebSocket begins without a body", Optional.empty());
            case UpgradeDecision.Accept accept -> {
                WatchSocket socket = new WatchSocket(connection, this, proxy, head, accept, origin, access,
                        trace, trace.in(proxy.log()).with("agent_id", access.agentId()));
                responder = socket;
                socket.start();
            }
        }
    }

    private void open(RequestHead head, Access access) {
        proxy.usage().count(access);
        String path = head.target().path().substring(proxy.settings().urlPathPrefix().length() - 1);
        Optional<org.openkas.proto.grpctool.HttpRequest> header = AgentRequests.header(head, path, access.identity(), proxy.via());
        if (header.isEmpty()) {
            failed("HTTP->gRPC: failed to send request header",
                    Status.INTERNAL.withDescription("grpc: error while marshaling: string field contains invalid UTF-8"));
            return;
        }
        Relay opened;
        try {
            opened = trace.within(() -> new Relay(connection, this, proxy, head, origin, access.agentId()));
        } catch (RuntimeException e) {
            String message = "Proxy failed to make outbound request";
            log.withError(e).error(message);
            refuse(head, 500, message, Optional.of(StatusText.of(e)));
            return;
        }
        responder = opened;
        opened.start(header.get());
    }

    /** What happened on the way to the agent; {@code what} is the message of chapter 03 §15.1. */
    void failed(String what, Status status) {
        failed(what, StatusText.of(status));
    }

    private void failed(String what, String reason) {
        log.with("error", reason).debug(what);
        refuse(java.util.Objects.requireNonNull(request), 502, what, Optional.of(reason));
    }

    /** A failure after which only the connection can be closed. */
    void broken(String what, String reason) {
        log.with("error", reason).debug(what);
        trace.broken(what + ": " + reason);
        meter.broken();
    }

    private void refuse(RequestHead head, int code, String message, Optional<String> reason) {
        String suffix = trace.suffix();
        String text = PREFIX + message + reason.map(why -> ": " + why).orElse("") + suffix;
        HeaderLines headers = OwnHeaders.of(proxy.serverName(), origin);
        if (code == 401) {
            headers.replace("Gitlab-Unauthorized", List.of("true"));
        }
        Optional<StatusFormat> format = StatusFormat.of(head.headers(), head.target().query());
        if (format.isEmpty()) {
            headers.replace("Content-Type", List.of("text/plain; charset=utf-8"));
            headers.replace("X-Content-Type-Options", List.of("nosniff"));
            String only = "only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf";
            log.with("error", only).debug("Failed to negotiate output media type");
            answer(head, 406, headers, text(PREFIX + "Failed to negotiate output media type: " + only + suffix + "\n"));
            return;
        }
        headers.replace("Content-Type", List.of(format.get().mediaType()));
        answer(head, code, headers, new StatusObject(code, text).in(format.get()));
    }

    private void answer(RequestHead head, int code, HeaderLines headers, byte[] body) {
        answered(code);
        sent(body.length);
        done();
        boolean held = head.expectsContinue() && !connection.bodyComplete();
        boolean little = connection.bodyArrived() || (head.contentLength() >= 0 && head.contentLength() <= MOST_DROPPED);
        boolean framed = !head.method().equals("CONNECT") && !head.method().equals("PRI");
        boolean keep = head.keepAlive() && framed && little && !held && !connection.isStopping() && !connection.bodyCutShort();
        connection.answer(head.version(), code, headers, body, head.method().equals("HEAD"), keep);
    }

    /** The client is told this status. */
    void answered(int code) {
        trace.answered(code);
        meter.answered(code);
    }

    /** So many bytes of the answer's body are on their way. */
    void sent(int bytes) {
        meter.sent(bytes);
    }

    /** The answer is complete. */
    void done() {
        over = true;
        trace.end();
        meter.complete();
    }

    // what the connection tells

    boolean wantsBody() {
        return responder != null && responder.wantsBody();
    }

    void body(ByteBuf bytes) {
        meter.received(bytes.readableBytes());
        if (responder != null) {
            responder.body(bytes);
        }
    }

    void bodyEnded() {
        if (responder != null) {
            responder.bodyEnded();
        }
    }

    void brokenBody(String reason) {
        if (responder != null) {
            responder.brokenBody(reason);
        } else if (!over) {
            cancelLookUp();
            brokenBeforeAnswer(reason);
        }
    }

    /** The client's body does not keep to HTTP, or ends too early. */
    void brokenBeforeAnswer(String reason) {
        failed("HTTP->gRPC: failed to read request body", reason);
    }

    void writable() {
        if (responder != null) {
            responder.writable();
        }
    }

    boolean wantsBytes() {
        return responder != null && responder.wantsBody();
    }

    void bytes(ByteBuf bytes) {
        if (responder != null) {
            responder.bytes(bytes);
        }
    }

    void halfClosed() {
        if (responder != null) {
            responder.halfClosed();
        }
    }

    /** The listener stops. */
    void stop() {
        if (responder != null) {
            responder.stop();
        }
    }

    /** Nobody is there any more who wants an answer. */
    void clientGone() {
        meter.left();
        done();
        cancelLookUp();
        if (responder != null) {
            responder.clientGone();
        }
    }

    private void cancelLookUp() {
        if (lookUp != null) {
            lookUp.cancel(true);
        }
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Bytes for a client, without a copy. */
    static ByteBuf wrapped(ByteString bytes) {
        return Unpooled.wrappedBuffer(bytes.asReadOnlyByteBuffer());
    }
}
