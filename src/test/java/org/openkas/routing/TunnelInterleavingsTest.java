package org.openkas.routing;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Timeout;
import org.openkas.common.AgentToken;
import org.openkas.common.AgentType;
import org.openkas.common.Timers;
import org.openkas.grpc.CallAge;
import org.openkas.grpc.CallContext;
import org.openkas.proto.grpctool.HttpRequest;
import org.openkas.proto.grpctool.HttpResponse;
import org.openkas.proto.kubernetesapi.KubernetesApiGrpc;
import org.openkas.proto.reversetunnel.ConnectRequest;
import org.openkas.proto.reversetunnel.ConnectResponse;
import org.openkas.proto.reversetunnel.Message;
import org.openkas.proto.reversetunnel.ReverseTunnelGrpc;
import org.openkas.reversetunnel.ReverseTunnelService;
import org.openkas.reversetunnel.TunnelRegistry;
import org.openkas.testkit.FakeTimers;
import org.openkas.testkit.RecordedLog;

/**
 * Whatever both sides send, in whatever order they send, close and reset: everything ends once, in time, and nothing is left.
 * The seed is the repetition's number.
 */
@Timeout(60)
class TunnelInterleavingsTest {
    private static final int STEPS = 150;
    private static final Context.Key<AgentToken> TOKEN = CallContext.TOKEN;

    private final FakeTimers timers = new FakeTimers();
    private final RecordedLog log = new RecordedLog();
    private final TunnelRegistry registry = new TunnelRegistry(log.log());
    private final LocalAgentChannels channels = new LocalAgentChannels(registry, new RoutingMetrics(new PrometheusRegistry()), timers,
            Runnable::run, log.log());
    private final Ages ages = new Ages();
    private final List<Agent> agents = new ArrayList<>();
    private final List<Caller> callers = new ArrayList<>();
    private int tokenOfNext;

    @RepeatedTest(200)
    @DisplayName("Random interleavings leak no tunnel, no stream, no timer, and mix up no agents")
    void interleavings(RepetitionInfo run) throws Exception {
        Random random = new Random(run.getCurrentRepetition());
        ServerInterceptor context = new ServerInterceptor() {
            @Override
            public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
                return Contexts.interceptCall(Context.current().withValues(TOKEN, AgentToken.ofAgentk("token-" + tokenOfNext),
                        CallContext.AGE, ages), call, headers, next);
            }
        };
        String name = InProcessServerBuilder.generateName();
        Server server = InProcessServerBuilder.forName(name).directExecutor().intercept(context)
                .addService(new ReverseTunnelService((token, _) -> TunnelBench.agent(Long.parseLong(token.value().substring(6))), registry,
                        timers, random, Runnable::run))
                .build().start();
        ManagedChannel connection = InProcessChannelBuilder.forName(name).directExecutor().build();
        try {
            for (int step = 0; step < STEPS; step++) {
                step(random, connection);
            }
            settle();
        } finally {
            connection.shutdownNow();
            server.shutdownNow();
        }
        assertThat(callers).allSatisfy(caller -> {
            assertThat(caller.ends).hasSize(1);
            assertThat(caller.answers).allMatch(answer -> answer.startsWith(caller.agent + ":"));
            assertThat(caller.answers.size()).isLessThanOrEqualTo(caller.asked);
        });
        assertThat(agents).allSatisfy(agent -> {
            assertThat(agent.ends).hasSize(1);
            assertThat(agent.requests).isLessThanOrEqualTo(1);
            assertThat(agent.heard).allMatch(heard -> heard.startsWith(agent.id + ":"));
        });
        assertThat(registry.idle()).isZero();
        assertThat(registry.waiting()).isZero();
        assertThat(ages.actions).isEmpty();
        assertThat(timers.pending()).isZero();
        assertThat(log.lines()).noneMatch(line -> line.message().contains("unexpected"));
    }

    private void step(Random random, Channel connection) {
        switch (random.nextInt(10)) {
            case 0 -> {
                tokenOfNext = 1 + random.nextInt(2);
                agents.add(new Agent(tokenOfNext, connection));
            }
            case 1 -> callers.add(new Caller(1 + random.nextInt(2), random));
            case 2, 3, 4 -> {
                if (!callers.isEmpty()) {
                    callers.get(random.nextInt(callers.size())).act(random);
                }
            }
            case 5, 6, 7, 8 -> {
                if (!agents.isEmpty()) {
                    agents.get(random.nextInt(agents.size())).act(random);
                }
            }
            default -> {
                if (random.nextInt(8) == 0) {
                    ages.end();
                } else {
                    timers.advance(Duration.ofMillis(random.nextInt(4_000)));
                }
            }
        }
    }

    /** Some leave by themselves, the rest is stopped. */
    private void settle() {
        for (int i = 0; i < callers.size(); i += 2) {
            callers.get(i).cancel();
        }
        for (int i = 0; i < agents.size(); i += 2) {
            agents.get(i).cancel();
        }
        ages.end();
        timers.advance(TunnelSearch.LIMIT);
        registry.stop();
        callers.forEach(Caller::cancel);
        agents.forEach(Agent::readAll);
    }

    private final class Agent extends ClientCall.Listener<ConnectResponse> {
        private final int id;
        private final ClientCall<ConnectRequest, ConnectResponse> call;
        private final List<Status> ends = new CopyOnWriteArrayList<>();
        private final List<String> heard = new ArrayList<>();
        private int requests;
        private int sent;
        private boolean done;

        private Agent(int id, Channel connection) {
            this.id = id;
            call = connection.newCall(ReverseTunnelGrpc.getConnectMethod(), CallOptions.DEFAULT);
            call.start(this, new Metadata());
            call.sendMessage(ScriptedAgent.descriptor(ScriptedAgent.SERVICE, "MakeRequest"));
        }

        private void act(Random random) {
            if (done) {
                return;
            }
            switch (random.nextInt(12)) {
                case 0, 1, 2 -> call.request(1 + random.nextInt(3));
                case 3, 4 -> {
                    if (requests > 0) {
                        call.sendMessage(ScriptedAgent.header(Map.of()));
                    }
                }
                case 5, 6, 7 -> {
                    if (requests > 0) {
                        call.sendMessage(ConnectRequest.newBuilder().setMessage(Message.newBuilder()
                                .setData(HttpResponse.newBuilder().setData(HttpResponse.Data.newBuilder()
                                        .setData(ByteString.copyFromUtf8(id + ":" + sent++))).build().toByteString()))
                                .build());
                    }
                }
                case 8 -> call.sendMessage(ScriptedAgent.trailer(Map.of()));
                case 9 -> call.sendMessage(ScriptedAgent.error(com.google.rpc.Status.newBuilder().setCode(random.nextInt(18)).build()));
                case 10 -> {
                    done = true;
                    call.halfClose();
                }
                default -> {
                    if (random.nextInt(3) == 0) {
                        cancel();
                    }
                }
            }
        }

        private void cancel() {
            done = true;
            call.cancel("gone", null);
        }

        private void readAll() {
            call.request(1_000);
        }

        @Override
        public void onMessage(ConnectResponse message) {
            if (message.hasRequestInfo()) {
                requests++;
            } else if (message.hasMessage()) {
                try {
                    heard.add(HttpRequest.parseFrom(message.getMessage().getData()).getData().getData().toStringUtf8());
                } catch (com.google.protobuf.InvalidProtocolBufferException e) {
                    throw new AssertionError(e);
                }
            }
        }

        @Override
        public void onClose(Status status, Metadata trailers) {
            done = true;
            ends.add(status);
        }
    }

    private final class Caller extends ClientCall.Listener<HttpResponse> {
        private final int agent;
        private final ClientCall<HttpRequest, HttpResponse> call;
        private final List<Status> ends = new CopyOnWriteArrayList<>();
        private final List<String> answers = new ArrayList<>();
        private int asked;
        private boolean halfClosed;

        private Caller(int agent, Random random) {
            this.agent = agent;
            call = channels.to(AgentType.AGENTK, agent).newCall(KubernetesApiGrpc.getMakeRequestMethod(), CallOptions.DEFAULT);
            call.start(this, new Metadata());
            ask(random.nextInt(3));
        }

        private void ask(int count) {
            if (count > 0) {
                asked += count;
                call.request(count);
            }
        }

        private void act(Random random) {
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
                    if (random.nextInt(3) == 0) {
                        cancel();
                    }
                }
            }
        }

        private void cancel() {
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

    /** All tunnels' age, ended now and then; those that come later begin anew. */
    private static final class Ages implements CallAge {
        private final List<Runnable> actions = new CopyOnWriteArrayList<>();

        @Override
        public Timers.Cancellable whenEnded(Runnable run) {
            Runnable own = run::run;
            actions.add(own);
            return () -> actions.remove(own);
        }

        @Override
        public boolean ended() {
            return false;
        }

        void end() {
            List<Runnable> due = List.copyOf(actions);
            actions.removeAll(due);
            due.forEach(Runnable::run);
        }
    }
}
