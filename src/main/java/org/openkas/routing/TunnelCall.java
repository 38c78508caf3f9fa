package org.openkas.routing;

import com.google.protobuf.ByteString;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openkas.common.Timers;
import org.openkas.proto.prototool.Values;
import org.openkas.reversetunnel.AgentKey;
import org.openkas.reversetunnel.CarriedMetadata;
import org.openkas.tracing.Traced;

/**
 * One call to an agent: looks for a way to it, and then is the call on that way (chapter 04 §2.7, §5.7). Ends with the
 * agent's half-close, even where the caller has not half-closed. As thread-safe as gRPC's calls: one thread sends, any
 * thread cancels and asks for more.
 */
final class TunnelCall<Q, R> extends ClientCall<Q, R> {
    private static final Status READ_FAILED = Status.CANCELLED.withDescription("read from incoming stream");
    private static final String ABORTED = "RouteToKasStreamHandler request aborted: ";
    private static final String CLOSED = "Incoming stream closed: ";
    private static final String CANCELED = "context canceled";
    private static final String EXPIRED = "context deadline exceeded";

    private final AgentKey agent;
    private final MethodDescriptor<Q, R> method;
    private final CallOptions options;
    private final Surroundings surroundings;
    private final Context context = Context.current();
    private final Context.CancellationListener contextEnded = this::contextEnded;
    private final Outbox outbox = new Outbox();
    private final Demand demand = new Demand();
    private final Callbacks callbacks;
    private Metadata headers = new Metadata();
    private Optional<Deadline> limit = Optional.empty();
    private Optional<Traced> traced = Optional.empty();
    private Map<String, Values> meta = Map.of();
    private long began;
    private @Nullable Answers<R> answers;
    private @Nullable TunnelSearch search;
    private @Nullable Way way;
    private Timers.Cancellable deadline = () -> {
    };
    private boolean over;

    TunnelCall(AgentKey agent, MethodDescriptor<Q, R> method, CallOptions options, Surroundings surroundings) {
        this.agent = agent;
        this.method = method;
        this.options = options;
        this.surroundings = surroundings;
        callbacks = new Callbacks(Optional.ofNullable(options.getExecutor()), surroundings.executor(), this::listenerFailed);
    }

    @Override
    public void start(Listener<R> listener, Metadata metadata) {
        Answers<R> made = new Answers<>(this, method.getResponseMarshaller(), listener, callbacks, demand);
        boolean cancelled;
        synchronized (this) {
            answers = made;
            cancelled = over;
        }
        if (cancelled) {
            made.close(EndOfCall.of(Status.CANCELLED.withDescription(CANCELED)));
            return;
        }
        try {
            meta = CarriedMetadata.ofRequest(metadata);
            headers = metadata;
        } catch (StatusException e) {
            end(e.getStatus(), EndOfCall.of(e.getStatus()));
            return;
        }
        traced = Traced.current();
        watchTime();
        watchContext();
        began = surroundings.timers().nanos();
        search();
    }

    private void watchTime() {
        Deadline own = options.getDeadline();
        Deadline outer = context.getDeadline();
        Deadline first = own == null ? outer : outer == null ? own : own.minimum(outer);
        limit = Optional.ofNullable(first);
        if (first != null) {
            Timers.Cancellable timer = surroundings.timers().after(Duration.ofNanos(first.timeRemaining(TimeUnit.NANOSECONDS)),
                    () -> callerGone(Status.DEADLINE_EXCEEDED, EXPIRED, Optional.empty()));
            boolean late;
            synchronized (this) {
                deadline = timer;
                late = over;
            }
            if (late) {
                timer.cancel();
            }
        }
    }

    private void watchContext() {
        context.addListener(contextEnded, Runnable::run);
        if (over()) {
            context.removeListener(contextEnded); // the call may have ended before there was a listener to remove
        }
    }

    private void search() {
        Wanted wanted = new Wanted(agent, String.valueOf(method.getServiceName()), String.valueOf(method.getBareMethodName()), headers, limit,
                traced);
        TunnelSearch begun = new TunnelSearch(surroundings, began, wanted, this::found, status -> end(status, EndOfCall.of(status)));
        synchronized (this) {
            if (over) {
                return;
            }
            search = begun;
        }
        begun.begin();
    }

    private void found(Way candidate) {
        boolean late;
        boolean begun = false;
        synchronized (this) {
            Answers<R> told = over ? null : answers;
            late = told == null;
            if (told != null) {
                begun = candidate.begin(told);
                if (begun) {
                    way = candidate;
                    search = null;
                    outbox.open(candidate, String.valueOf(method.getServiceName()), String.valueOf(method.getBareMethodName()), meta);
                }
            }
        }
        if (late) {
            candidate.giveBack();
        } else if (begun) {
            surroundings.metrics().found(surroundings.timers().nanos() - began);
            callbacks.later(answers()::ready);
            read();
        } else {
            search(); // it ended before it was used, and the agent has seen nothing
        }
    }

    private synchronized Answers<R> answers() {
        if (answers == null) {
            throw new IllegalStateException("the call was not started");
        }
        return answers;
    }

    /** Asks the agent for what the caller wants. */
    void read() {
        Way open;
        synchronized (this) {
            open = over ? null : way;
        }
        if (open != null) {
            int count = demand.ask();
            if (count > 0) {
                open.request(count);
            }
        }
    }

    @Override
    public void request(int count) {
        demand.more(count).ifPresentOrElse(message -> callbacks.later(() -> answers().deliver(message)), this::read);
    }

    @Override
    public void sendMessage(Q message) {
        ByteString data = Payload.of(method.getRequestMarshaller().stream(message));
        if (!over()) {
            outbox.send(data).ifPresent(failure -> end(failure, EndOfCall.of(failure)));
        }
    }

    @Override
    public void halfClose() {
        outbox.halfClose();
    }

    @Override
    public boolean isReady() {
        return !over() && outbox.isReady();
    }

    @Override
    public void cancel(@Nullable String message, @Nullable Throwable cause) {
        callerGone(Status.CANCELLED.withCause(cause), CANCELED, Optional.ofNullable(message));
    }

    private void contextEnded(Context ended) {
        Deadline limit = ended.getDeadline();
        boolean expired = limit != null && limit.isExpired();
        callerGone((expired ? Status.DEADLINE_EXCEEDED : Status.CANCELLED).withCause(ended.cancellationCause()),
                expired ? EXPIRED : CANCELED, Optional.empty());
    }

    /** Rows 2 and 10 of chapter 04 §2.7. */
    private void callerGone(Status status, String text, Optional<String> words) {
        boolean searching;
        synchronized (this) {
            searching = way == null;
        }
        if (searching) {
            end(READ_FAILED, EndOfCall.of(status.withDescription(ABORTED + text)));
        } else if (outbox.halfClosed()) {
            Status both = status.withDescription(CLOSED + text);
            end(both, EndOfCall.of(words.map(status::withDescription).orElse(both)));
        } else {
            end(READ_FAILED, EndOfCall.of(status.withDescription(words.orElse(text))));
        }
    }

    private void listenerFailed(Throwable failure) {
        Status status = Status.CANCELLED.withDescription("the caller failed to take an answer").withCause(failure);
        end(READ_FAILED, EndOfCall.of(status));
    }

    /** Ends the call, once. */
    void end(Status forAgent, EndOfCall forCaller) {
        Way open;
        TunnelSearch searching;
        Timers.Cancellable timer;
        Answers<R> told;
        synchronized (this) {
            if (over) {
                return;
            }
            over = true;
            open = way;
            searching = search;
            timer = deadline;
            told = answers;
        }
        timer.cancel();
        context.removeListener(contextEnded);
        outbox.discard();
        demand.discard();
        if (searching != null) {
            searching.abort();
        }
        if (open != null) {
            open.end(forAgent);
        }
        if (told != null) {
            told.close(forCaller);
        }
    }

    synchronized boolean over() {
        return over;
    }
}
