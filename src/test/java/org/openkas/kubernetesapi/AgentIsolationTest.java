package org.openkas.kubernetesapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.openkas.kubernetesapi.RunningProxy.setup;

import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.stub.MetadataUtils;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Timeout;
import org.openkas.common.AgentToken;
import org.openkas.common.AgentType;
import org.openkas.common.Timers;
import org.openkas.gitlab.AgentInfo;
import org.openkas.grpc.CallAge;
import org.openkas.grpc.CallContext;
import org.openkas.kubernetesapi.RunningProxy.Answer;
import org.openkas.proto.entity.GitalyInfo;
import org.openkas.proto.entity.GitalyRepository;
import org.openkas.reversetunnel.ReverseTunnelService;
import org.openkas.reversetunnel.TunnelRegistry;
import org.openkas.routing.TunnelChannels;
import org.openkas.routing.RoutingMetrics;
import org.openkas.testkit.FakeTimers;
import org.openkas.testkit.InProcess;
import org.openkas.testkit.KubernetesAgent;
import org.openkas.testkit.RecordedLog;
import org.openkas.testkit.SimulatedTunnels;

/** A request for one agent never reaches another, whoever reconnects meanwhile. The seed is the repetition's number. */
@Timeout(120)
class AgentIsolationTest {
    private static final Metadata.Key<String> WHO = Metadata.Key.of("who", Metadata.ASCII_STRING_MARSHALLER);
    private static final int AGENTS = 3;
    private static final int STEPS = 60;

    private final RecordedLog log = new RecordedLog();
    private final FakeTimers timers = new FakeTimers();
    private final TunnelRegistry registry = new TunnelRegistry(log.log());
    private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
    private final ConcurrentLinkedQueue<String> strays = new ConcurrentLinkedQueue<>();
    private final Map<Integer, SimulatedTunnels> connected = new HashMap<>();

    @RepeatedTest(5)
    @DisplayName("I1: requests reach the agent that they are for and no other, under reconnects and with the same ids again")
    void isolation(RepetitionInfo run) throws Exception {
        Random random = new Random(run.getCurrentRepetition());
        TunnelChannels channels = new TunnelChannels(registry, Optional.empty(), new RoutingMetrics(new PrometheusRegistry()), timers, executor,
                log.log());
        ReverseTunnelService service = new ReverseTunnelService((token, _) -> info(Long.parseLong(token.value())), registry, timers,
                random, executor);
        List<Future<?>> requests = new ArrayList<>();
        try (InProcess server = new InProcess(ServerInterceptors.intercept(service, new Identity()));
                RunningProxy proxy = setup().agents(id -> channels.to(AgentType.AGENTK, id)).start()) {
            for (int agent = 1; agent <= AGENTS; agent++) {
                connect(agent, server.channel());
            }
            for (int step = 0; step < STEPS; step++) {
                int agent = 1 + random.nextInt(AGENTS);
                if (random.nextInt(6) == 0) {
                    connected.get(agent).close();
                    connect(agent, server.channel());
                } else {
                    requests.add(executor.submit(() -> ask(proxy, agent)));
                }
            }
            await().atMost(Duration.ofSeconds(60)).until(() -> {
                timers.advance(Duration.ofSeconds(1));
                return requests.stream().allMatch(Future::isDone);
            });
            for (Future<?> request : requests) {
                request.get();
            }
            assertThat(strays).isEmpty();
            for (int agent = 1; agent <= AGENTS; agent++) {
                int id = agent;
                assertThat(proxy.ask(request(id)).body()).isEqualTo("agent " + id);
            }
            registry.stop();
            connected.values().forEach(SimulatedTunnels::close);
        } finally {
            executor.shutdownNow();
        }
    }

    private static String request(int agent) {
        return "GET /" + agent + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer pat:" + agent + ":t\r\n\r\n";
    }

    private Object ask(RunningProxy proxy, int agent) throws Exception {
        Answer answer;
        try {
            answer = proxy.ask(request(agent));
        } catch (IOException e) {
            return "its agent went away in the middle of the answer";
        }
        if (answer.status() == 200) {
            assertThat(answer.body()).isEqualTo("agent " + agent);
        } else {
            assertThat(answer.status()).as("an agent that went away").isEqualTo(502);
        }
        return answer;
    }

    private void connect(int agent, Channel server) {
        KubernetesAgent kubernetes = new KubernetesAgent().atEnd(call -> {
            if (!call.header().getRequest().getUrlPath().equals("/" + agent)) {
                strays.add(agent + " got " + call.header().getRequest().getUrlPath());
            }
            call.answer(200, "agent " + agent);
        });
        Metadata who = new Metadata();
        who.put(WHO, Integer.toString(agent));
        connected.put(agent, new SimulatedTunnels(ClientInterceptors.intercept(server, MetadataUtils.newAttachHeadersInterceptor(who)), 3,
                kubernetes.bindService()));
    }

    private static AgentInfo info(long id) {
        return new AgentInfo(AgentType.AGENTK, id, "agent-" + id, 70 + id, GitalyInfo.getDefaultInstance(),
                GitalyRepository.getDefaultInstance(), "main");
    }

    /** What the agents' listener knows of each call. */
    private static final class Identity implements ServerInterceptor {
        @Override
        public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
            CallAge age = new CallAge() {
                @Override
                public Timers.Cancellable whenEnded(Runnable run) {
                    return () -> {
                    };
                }

                @Override
                public boolean ended() {
                    return false;
                }
            };
            return Contexts.interceptCall(Context.current().withValues(CallContext.TOKEN,
                    AgentToken.ofAgentk(String.valueOf(headers.get(WHO))), CallContext.AGE, age), call, headers, next);
        }
    }
}
