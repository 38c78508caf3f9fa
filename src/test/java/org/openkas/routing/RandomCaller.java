package org.openkas.routing;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import org.openkas.common.AgentType;
import org.openkas.proto.grpctool.HttpRequest;
import org.openkas.proto.grpctool.HttpResponse;
import org.openkas.proto.kubernetesapi.KubernetesApiGrpc;

/**
 * A call to an agent that sends, reads and leaves when it likes; some have a deadline, some a context that ends. Acts on one
 * thread.
 */
final class RandomCaller extends ClientCall.Listener<HttpResponse> {
    final int agent;
    final boolean limited;
    final List<Status> ends = new CopyOnWriteArrayList<>();
    final List<String> answers = new CopyOnWriteArrayList<>();
    int asked;
    boolean left;
    private final Context.CancellableContext context = Context.current().withCancellation();
    private final ClientCall<HttpRequest, HttpResponse> call;
    private boolean halfClosed;

    RandomCaller(int agent, AgentChannels channels, Random random) {
        this.agent = agent;
        limited = random.nextInt(4) == 0;
        CallOptions options = limited
                ? CallOptions.DEFAULT.withDeadlineAfter(Duration.ofSeconds(1 + random.nextInt(30)))
                : CallOptions.DEFAULT;
        Context outer = context.attach();
        try {
            call = channels.to(AgentType.AGENTK, agent).newCall(KubernetesApiGrpc.getMakeRequestMethod(), options);
            call.start(this, new Metadata());
        } finally {
            context.detach(outer);
        }
        ask(random.nextInt(3));
    }

    private void ask(int count) {
        if (count > 0) {
            asked += count;
            call.request(count);
        }
    }

    void act(Random random) {
        switch (random.nextInt(6)) {
            case 0, 1 -> {
                if (!halfClosed) {
                    call.sendMessage(ScriptedCaller.data(agent + ":request"));
                }
            }
            case 2, 3 -> ask(1 + random.nextInt(3));
            case 4 -> {
                if (!halfClosed) {
                    halfClosed = true;
                    call.halfClose();
                }
            }
            default -> {
                switch (random.nextInt(6)) {
                    case 0 -> cancel();
                    case 1 -> {
                        left = true;
                        context.cancel(null);
                    }
                    default -> {
                        // stays
                    }
                }
            }
        }
    }

    void cancel() {
        left = true;
        call.cancel("enough", null);
    }

    @Override
    public void onMessage(HttpResponse message) {
        assertThat(ends).as("a message after the end").isEmpty();
        answers.add(message.getData().getData().toStringUtf8());
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
        ends.add(status);
    }
}
