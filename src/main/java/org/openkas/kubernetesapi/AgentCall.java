package org.openkas.kubernetesapi;

import com.google.protobuf.ByteString;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.concurrent.Executor;
import org.openkas.proto.grpctool.HttpRequest;
import org.openkas.proto.grpctool.HttpResponse;
import org.openkas.proto.kubernetesapi.KubernetesApiGrpc;

/**
 * One HTTP exchange with an agent as a gRPC call (chapter 03 §11). Messages out of order end it. Used on the executor that it
 * was opened with, one thing at a time; so are its events.
 */
final class AgentCall {
    private static final int START = -2;
    private static final int END = -1;
    private static final int HEADER = 1;
    private static final int DATA = 2;
    private static final int TRAILER = 3;
    private static final int UPGRADE_DATA = 4;

    private final ClientCall<HttpRequest, HttpResponse> call;
    private final Events events;
    private int state = START;
    private boolean ended;

    /** What the agent says. After {@link #ended} nothing comes any more. */
    interface Events {
        /** There is a way to the agent, and it takes more messages. */
        void ready();

        /** Status and headers. */
        void header(HttpResponse.Header header);

        /** A part of the body. */
        void data(ByteString data);

        /** The body is complete. */
        void trailer();

        /** Bytes of the upgraded connection. */
        void upgradeData(ByteString data);

        /** The call is over. */
        void ended(Status status);
    }

    /** Not started yet. */
    AgentCall(Channel channel, Executor executor, Events events) {
        this.events = events;
        call = channel.newCall(KubernetesApiGrpc.getMakeRequestMethod(), CallOptions.DEFAULT.withExecutor(executor));
    }

    /** Begins; the agent may send what {@link #request} allows. */
    void start() {
        call.start(new Listener(), new Metadata());
    }

    private final class Listener extends ClientCall.Listener<HttpResponse> {
        @Override
        public void onReady() {
            if (!ended) {
                events.ready();
            }
        }

        @Override
        public void onMessage(HttpResponse message) {
            if (!ended) {
                received(message);
            }
        }

        @Override
        public void onClose(Status status, Metadata trailers) {
            if (!ended) {
                boolean early = status.isOk() && state != TRAILER && state != UPGRADE_DATA;
                end(early ? violation(END) : status);
            }
        }
    }

    private void received(HttpResponse message) {
        int next = message.getMessageCase().getNumber();
        if (next == 0) {
            fail(Status.INVALID_ARGUMENT.withDescription("invalid server response: invalid HttpResponse.Message: value is required"));
        } else if (next == HEADER && !message.getHeader().hasResponse()) {
            fail(Status.INVALID_ARGUMENT.withDescription("invalid server response: invalid HttpResponse.Header: embedded message"
                    + " failed validation | caused by: invalid HttpResponse_Header.Response: value is required"));
        } else if (!allowed(next)) {
            fail(violation(next));
        } else {
            state = next;
            switch (next) {
                case HEADER -> events.header(message.getHeader());
                case DATA -> events.data(message.getData().getData());
                case TRAILER -> events.trailer();
                default -> events.upgradeData(message.getUpgradeData().getData());
            }
        }
    }

    private boolean allowed(int next) {
        return switch (state) {
            case START -> next == HEADER;
            case HEADER, DATA -> next == DATA || next == TRAILER;
            default -> next == UPGRADE_DATA;
        };
    }

    private Status violation(int next) {
        String allowed = switch (state) {
            case START -> "1";
            case HEADER, DATA -> "2 3";
            default -> "4 -1";
        };
        return Status.INVALID_ARGUMENT
                .withDescription("transition from " + state + " to " + next + " is not allowed. Allowed: [" + allowed + "]");
    }

    /** Ends the call because of what the agent did. */
    void fail(Status status) {
        call.cancel(status.getDescription(), null);
        end(status);
    }

    private void end(Status status) {
        ended = true;
        events.ended(status);
    }

    /** Ends the call because nobody wants it any more; there will be no event. */
    void cancel() {
        if (!ended) {
            ended = true;
            call.cancel("context canceled", null);
        }
    }

    /** Whether a message would be sent on soon rather than wait here. */
    boolean isReady() {
        return !ended && call.isReady();
    }

    boolean isEnded() {
        return ended;
    }

    /** Lets so many more messages come. */
    void request(int count) {
        if (!ended) {
            call.request(count);
        }
    }

    void send(HttpRequest message) {
        if (!ended) {
            call.sendMessage(message);
        }
    }

    /** Nothing more will be sent. */
    void halfClose() {
        if (!ended) {
            call.halfClose();
        }
    }
}
