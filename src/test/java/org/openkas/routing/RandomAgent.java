package org.openkas.routing;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import org.openkas.proto.grpctool.HttpRequest;
import org.openkas.proto.reversetunnel.ConnectRequest;
import org.openkas.proto.reversetunnel.ConnectResponse;
import org.openkas.proto.reversetunnel.ReverseTunnelGrpc;

/** One tunnel of an agent that reads when it likes, says anything in any order, and ends as it likes. Acts on one thread. */
final class RandomAgent extends ClientCall.Listener<ConnectResponse> {
    final int id;
    final List<Status> ends = new CopyOnWriteArrayList<>();
    /** What requests said. */
    final List<String> heard = new CopyOnWriteArrayList<>();
    volatile int requests;
    private final ClientCall<ConnectRequest, ConnectResponse> call;
    private boolean headed;
    private int sent;
    private volatile boolean done;

    RandomAgent(int id, Channel connection) {
        this.id = id;
        call = connection.newCall(ReverseTunnelGrpc.getConnectMethod(), CallOptions.DEFAULT);
        call.start(this, new Metadata());
        call.sendMessage(ScriptedAgent.descriptor(ScriptedAgent.SERVICE, "MakeRequest"));
    }

    void act(Random random) {
        if (done) {
            return;
        }
        switch (random.nextInt(14)) {
            case 0, 1, 2 -> call.request(1 + random.nextInt(3));
            case 3, 4 -> {
                if (requests > 0) {
                    headed = true;
                    call.sendMessage(ScriptedAgent.header(Map.of()));
                }
            }
            case 5, 6, 7 -> {
                if (requests > 0) {
                    call.sendMessage(answer());
                }
            }
            case 8 -> call.sendMessage(ScriptedAgent.trailer(Map.of()));
            case 9 -> call.sendMessage(ScriptedAgent.error(com.google.rpc.Status.newBuilder().setCode(random.nextInt(18)).build()));
            case 10 -> halfClose();
            case 11, 12 -> answerWhole(random);
            default -> {
                if (random.nextInt(3) == 0) {
                    cancel();
                }
            }
        }
    }

    private void answerWhole(Random random) {
        if (requests > 0) {
            if (!headed) {
                call.sendMessage(ScriptedAgent.header(Map.of()));
            }
            for (int i = random.nextInt(4); i > 0; i--) {
                call.sendMessage(answer());
            }
            call.sendMessage(ScriptedAgent.trailer(Map.of()));
            halfClose();
        }
    }

    private ConnectRequest answer() {
        return ScriptedAgent.message(ScriptedCaller.answer(id + ":" + sent++));
    }

    private void halfClose() {
        done = true;
        call.halfClose();
    }

    void cancel() {
        done = true;
        call.cancel("gone", null);
    }

    void readAll() {
        call.request(1_000);
    }

    @Override
    public void onMessage(ConnectResponse message) {
        if (message.hasRequestInfo()) {
            requests++;
        } else if (message.hasMessage()) {
            heard.add(text(message.getMessage().getData()));
        }
    }

    private static String text(ByteString data) {
        try {
            return HttpRequest.parseFrom(data).getData().getData().toStringUtf8();
        } catch (InvalidProtocolBufferException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
        done = true;
        ends.add(status);
    }
}
