package org.openkas.gitlabaccess;

import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;
import org.openkas.common.AgentToken;
import org.openkas.common.Log;
import org.openkas.common.Timers;
import org.openkas.gitlab.GitLabException;
import org.openkas.gitlab.GitLabResponse;
import org.openkas.gitlab.ModuleRequests;
import org.openkas.gitlab.RequestBody;
import org.openkas.message.FieldOrder;
import org.openkas.proto.grpctool.HttpRequest;
import org.openkas.proto.grpctool.HttpResponse;

/**
 * One request of a module (chapter 01 §5.6). Messages come in one at a time and are asked for when the one before has its
 * place; the request goes to GitLab when the agent has ended its stream, or at once if it has no body. Then a thread of its
 * own hands GitLab's answer on, no faster than the agent takes it. The call ends when both sides have.
 */
final class ModuleCall implements StreamObserver<HttpRequest> {
    private static final String WHAT = "gRPC -> HTTP";
    private static final FieldOrder ORDER = new FieldOrder(HttpRequest.getDescriptor());

    private final Parts parts;
    private final CollectedBody body;
    private final AgentToken token;
    private final ServerCallStreamObserver<HttpResponse> call;
    private final Log log;

    private final Standstill receiving;
    private final Standstill answering;

    // of the side that receives
    private int last = FieldOrder.START;
    private boolean bodiless;
    private HttpRequest.Header header = HttpRequest.Header.getDefaultInstance();

    // guarded by this
    private @Nullable FutureTask<Void> exchange;
    private boolean received;
    private boolean answered;
    private boolean over;

    /** What all calls use. */
    record Parts(ModuleRequests gitLab, BodyStore bodies, Timers timers, Executor executor) {
    }

    ModuleCall(Parts parts, AgentToken token, ServerCallStreamObserver<HttpResponse> call, Log log) {
        this.parts = parts;
        this.body = parts.bodies().begin();
        this.token = token;
        this.call = call;
        this.log = log;
        receiving = new Standstill(parts.timers(), () -> standsStill("sends nothing"));
        answering = new Standstill(parts.timers(), () -> standsStill("takes nothing"));
    }

    /** Asks for the first message; called on the thread that the service was called on. */
    void start() {
        call.setOnReadyHandler(this::ready);
        call.setOnCancelHandler(this::cancelled);
        receiving.waits();
        call.request(1);
    }

    @Override
    public void onNext(HttpRequest message) {
        receiving.moves();
        try {
            step(message.getMessageCase().getNumber());
            switch (message.getMessageCase()) {
                case HEADER -> begin(message.getHeader());
                case DATA -> take(message.getData());
                case UPGRADEDATA ->
                    throw Status.INTERNAL.withDescription("unexpected HttpRequest_UpgradeData message for non-upgrade request")
                            .asException();
                case TRAILER, MESSAGE_NOT_SET -> {
                }
            }
            call.request(1);
        } catch (StatusException e) {
            end(e.getStatus());
            interrupt();
        }
    }

    @Override
    public void onCompleted() {
        receiving.over();
        try {
            step(FieldOrder.END);
            if (!bodiless) {
                send(body);
            }
            received();
        } catch (StatusException e) {
            end(e.getStatus());
            interrupt();
        }
    }

    /** The agent gave up. */
    @Override
    public void onError(Throwable failure) {
        cancelled();
    }

    private void step(int next) throws StatusException {
        String objection = ORDER.objection(last, next).orElse("");
        if (!objection.isEmpty()) {
            throw Status.INVALID_ARGUMENT.withDescription(objection).asException();
        }
        last = next;
    }

    private void begin(HttpRequest.Header received) throws StatusException {
        header = received;
        if (log.debugEnabled()) {
            log.debug("Handling " + RequestHead.shown(received.getRequest()));
        }
        String objection = RequestHead.objection(received).orElse("");
        if (!objection.isEmpty()) {
            log.with("error", objection).error(WHAT);
            throw Status.UNAVAILABLE.withDescription(WHAT + ": " + objection).asException();
        }
        bodiless = received.hasContentLength() && received.getContentLength() == 0;
        if (bodiless) {
            send(RequestBody.NONE);
        }
    }

    private void take(HttpRequest.Data data) throws StatusException {
        if (bodiless) {
            throw Status.INTERNAL.withDescription("unexpected HttpRequest_Data message received").asException();
        }
        try {
            body.add(data.getData());
        } catch (BodyStore.FullException e) {
            log.withError(e).error(WHAT);
            throw Status.RESOURCE_EXHAUSTED.withDescription(WHAT + ": " + e.getMessage()).asException();
        } catch (IOException e) {
            log.withError(e).with("remedy", "make room for files in the work directory of this server").error(WHAT);
            // what is wrong with this server's disk is not for agents
            throw Status.UNAVAILABLE.withDescription(WHAT + ": the request cannot be kept").asException();
        }
    }

    private void send(RequestBody content) {
        FutureTask<Void> task = new FutureTask<>(() -> exchange(content), null);
        synchronized (this) {
            if (over) {
                return;
            }
            exchange = task;
        }
        parts.executor().execute(task);
    }

    private void exchange(RequestBody content) {
        try (GitLabResponse answer = parts.gitLab().make(RequestHead.of(header, token, content))) {
            body.close();
            new AnswerStream(answer).forEach(this::answer);
            answered();
        } catch (GitLabException e) {
            e.on(log).error(WHAT);
            end(Status.UNAVAILABLE.withDescription(WHAT + ": " + e.getMessage()));
        } catch (InterruptedException e) {
            log.with("error", "context canceled").debug(WHAT);
            end(Status.CANCELLED.withDescription(WHAT + ": context canceled"));
        } catch (IOException e) {
            String text = WHAT + ": read HTTP response body";
            String why = GitLabResponse.readFailure(e);
            log.with("error", why).debug(text);
            end(Status.CANCELLED.withDescription(text + ": " + why));
        } catch (RuntimeException e) {
            log.withError(e).error(WHAT);
            end(Status.INTERNAL.withDescription(WHAT + ": unexpected failure"));
        }
    }

    /** Hands one message on, once the agent has taken those before. */
    private synchronized void answer(HttpResponse message) throws InterruptedException {
        if (!over && !call.isReady()) {
            answering.waits();
            while (!over && !call.isReady()) {
                wait();
            }
            answering.over();
        }
        if (over) {
            throw new InterruptedException("the call is over");
        }
        call.onNext(message);
    }

    /** The agent can take more. */
    private synchronized void ready() {
        notifyAll();
    }

    private synchronized void received() {
        received = true;
        completeIfDone();
    }

    private synchronized void answered() {
        answered = true;
        completeIfDone();
    }

    private void completeIfDone() {
        if (received && answered && !over) {
            over = true;
            call.onCompleted();
        }
    }

    private void standsStill(String what) {
        log.with("error", "the agent " + what).debug(WHAT);
        end(Status.CANCELLED.withDescription(WHAT + ": the agent " + what + " for " + Standstill.LIMIT.toMinutes() + " minutes"));
        interrupt();
    }

    private void end(Status status) {
        if (finish()) {
            call.onError(status.asException());
        }
    }

    /** Nobody waits for the answer any more. */
    private void cancelled() {
        if (finish()) {
            interrupt();
        }
    }

    /** True for one caller. */
    private boolean finish() {
        synchronized (this) {
            if (over) {
                return false;
            }
            over = true;
            notifyAll();
        }
        receiving.over();
        body.close();
        return true;
    }

    private void interrupt() {
        FutureTask<Void> running;
        synchronized (this) {
            running = exchange;
        }
        if (running != null) {
            running.cancel(true);
        }
    }
}
