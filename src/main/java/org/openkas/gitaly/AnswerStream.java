package org.openkas.gitaly;

import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * The answers to one server-streaming call, taken one by one by a blocking reader. The next message is asked for only when
 * it is waited for, so a slow reader slows the server down. Closing cancels what has not ended. For one reading thread.
 */
final class AnswerStream<T> implements AutoCloseable {

    private sealed interface Event<T> {
        record Message<T>(T message) implements Event<T> {
        }

        record End<T>(Status status, Metadata trailers) implements Event<T> {
        }
    }

    private final ClientCall<?, T> call;
    // never holds more than one message and the end, since one message is requested at a time
    private final BlockingQueue<Event<T>> events = new LinkedBlockingQueue<>();
    private boolean ended;

    private AnswerStream(ClientCall<?, T> call) {
        this.call = call;
    }

    /** Sends the request; the call ends with the current {@link io.grpc.Context} at the latest. */
    static <Q, T> AnswerStream<T> open(Channel channel, MethodDescriptor<Q, T> method, Metadata metadata, Q request) {
        ClientCall<Q, T> call = channel.newCall(method, io.grpc.CallOptions.DEFAULT);
        AnswerStream<T> stream = new AnswerStream<>(call);
        call.start(new ClientCall.Listener<>() {
            @Override
            public void onMessage(T message) {
                stream.events.add(new Event.Message<>(message));
            }

            @Override
            public void onClose(Status status, Metadata trailers) {
                stream.events.add(new Event.End<>(status, trailers));
            }
        }, metadata);
        call.sendMessage(request);
        call.halfClose();
        return stream;
    }

    /**
     * The next message, or nothing at the end of a call that went well.
     *
     * @throws StatusRuntimeException if the call failed
     */
    Optional<T> next() throws InterruptedException {
        call.request(1);
        return switch (events.take()) {
            case Event.Message<T>(T message) -> Optional.of(message);
            case Event.End<T>(Status status, Metadata trailers) -> {
                ended = true;
                if (!status.isOk()) {
                    throw new StatusRuntimeException(status, trailers);
                }
                yield Optional.empty();
            }
        };
    }

    /** Whether the call got as far as a connection. */
    boolean reachedServer() {
        return call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR) != null;
    }

    /** Cancels the call unless it has ended. */
    @Override
    public void close() {
        if (!ended) {
            call.cancel("the rest of the answer is not needed", null);
        }
    }
}
