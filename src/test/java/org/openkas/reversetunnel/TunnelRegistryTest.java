package org.openkas.reversetunnel;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.openkas.common.AgentType;
import org.openkas.testkit.RecordedLog;

/** The registry's guarantee: against a model, one operation after the other, and with many threads at once. */
@Timeout(60)
class TunnelRegistryTest {
    private static final List<String> SERVICES = List.of("a.One", "a.Two");
    private final RecordedLog log = new RecordedLog();
    private final TunnelRegistry registry = new TunnelRegistry(log.log());

    private static AgentKey agent(int id) {
        return new AgentKey(AgentType.AGENTK, id);
    }

    private final class Asker implements FindRequest.Answer {
        private final FindRequest request;
        private final AgentKey agent;
        private final String service;
        private final ConcurrentLinkedQueue<Tunnel> tunnels = new ConcurrentLinkedQueue<>();
        private final ConcurrentLinkedQueue<Status> failures = new ConcurrentLinkedQueue<>();

        Asker(AgentKey agent, String service) {
            this.agent = agent;
            this.service = service;
            request = new FindRequest(agent, service, "Do", this);
        }

        @Override
        public void found(Tunnel tunnel) {
            tunnels.add(tunnel);
        }

        @Override
        public void failed(Status status) {
            failures.add(status);
        }
    }

    /** What the registry should hold. The sequence decides everything, so each answer can be told in advance. */
    private static final class Model {
        final List<Tunnel> idle = new ArrayList<>();
        final List<Asker> waiting = new ArrayList<>();
        boolean stopped;

        Optional<Asker> offered(Tunnel tunnel) {
            Optional<Asker> taker = waiting.stream().filter(asker -> suits(tunnel, asker)).findFirst();
            taker.ifPresentOrElse(waiting::remove, () -> idle.add(tunnel));
            return taker;
        }

        Optional<Tunnel> asked(Asker asker) {
            Optional<Tunnel> found = idle.reversed().stream().filter(tunnel -> suits(tunnel, asker)).findFirst();
            found.ifPresentOrElse(idle::remove, () -> waiting.add(asker));
            return found;
        }

        static boolean suits(Tunnel tunnel, Asker asker) {
            return tunnel.agent().equals(asker.agent) && tunnel.serves(asker.service, "Do");
        }
    }

    @RepeatedTest(200)
    @DisplayName("Random sequences of operations: the registry and its model say the same after each")
    void model(RepetitionInfo run) {
        Random random = new Random(run.getCurrentRepetition());
        Model model = new Model();
        Map<Tunnel, SilentStream> streams = new HashMap<>();
        List<Tunnel> taken = new ArrayList<>();
        for (int step = 0; step < 200; step++) {
            int agent = random.nextInt(3);
            String service = SERVICES.get(random.nextInt(2));
            switch (random.nextInt(step > 180 ? 7 : 6)) {
                case 0, 1 -> {
                    SilentStream stream = new SilentStream();
                    Tunnel tunnel = SilentStream.tunnel(registry, agent(agent), service, stream);
                    streams.put(tunnel, stream);
                    offer(model, tunnel, taken);
                }
                case 2, 3 -> {
                    Asker asker = new Asker(agent(agent), service);
                    if (model.stopped) {
                        registry.find(asker.request);
                        assertThat(asker.failures).containsExactly(TunnelRegistry.STOPPED);
                    } else {
                        Optional<Tunnel> expected = model.asked(asker);
                        registry.find(asker.request);
                        assertThat(asker.tunnels).containsExactlyElementsOf(expected.stream().toList());
                        taken.addAll(asker.tunnels);
                    }
                }
                case 4 -> {
                    if (!model.waiting.isEmpty()) {
                        Asker leaver = model.waiting.remove(random.nextInt(model.waiting.size()));
                        assertThat(registry.abort(leaver.request)).isTrue();
                        assertThat(registry.abort(leaver.request)).isFalse();
                    } else if (!taken.isEmpty()) {
                        offer(model, taken.remove(random.nextInt(taken.size())), taken);
                    }
                }
                case 5 -> {
                    if (!model.idle.isEmpty()) {
                        Tunnel ending = model.idle.remove(random.nextInt(model.idle.size()));
                        ending.expire();
                        assertThat(streams.get(ending).end.get()).isEqualTo(Status.OK);
                    }
                }
                default -> {
                    registry.stop();
                    model.idle.forEach(tunnel -> assertThat(streams.get(tunnel).ends).hasValue(1));
                    model.waiting.forEach(asker -> assertThat(asker.failures).hasSize(1));
                    model.idle.clear();
                    model.waiting.clear();
                    model.stopped = true;
                }
            }
            assertThat(registry.idle()).isEqualTo(model.idle.size());
            assertThat(registry.waiting()).isEqualTo(model.waiting.size());
        }
    }

    private static void offer(Model model, Tunnel tunnel, List<Tunnel> taken) {
        Optional<Asker> expected = model.stopped ? Optional.empty() : model.offered(tunnel);
        tunnel.giveBack();
        expected.ifPresent(asker -> {
            assertThat(asker.tunnels).containsExactly(tunnel);
            taken.add(tunnel);
        });
    }

    @RepeatedTest(20)
    @DisplayName("Many threads: no tunnel is given to two requests, none is lost, none of agent A serves B, nobody waits beside an idle tunnel")
    void manyThreads() throws Exception {
        int count = 400;
        Set<Tunnel> given = ConcurrentHashMap.newKeySet();
        AtomicInteger twice = new AtomicInteger();
        AtomicInteger wrong = new AtomicInteger();
        AtomicInteger aborted = new AtomicInteger();
        AtomicInteger expired = new AtomicInteger();
        ConcurrentLinkedQueue<SilentStream> streams = new ConcurrentLinkedQueue<>();
        CountDownLatch go = new CountDownLatch(1);
        try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                AgentKey agent = agent(i % 3);
                String service = SERVICES.get(i % 2);
                all.add(threads.submit(() -> {
                    go.await();
                    SilentStream stream = new SilentStream();
                    streams.add(stream);
                    Tunnel tunnel = SilentStream.tunnel(registry, agent, service, stream);
                    tunnel.giveBack();
                    if (ThreadLocalRandom.current().nextInt(4) == 0) {
                        tunnel.expire();
                        expired.incrementAndGet();
                    }
                    return null;
                }));
                all.add(threads.submit(() -> {
                    go.await();
                    FindRequest[] request = new FindRequest[1];
                    request[0] = new FindRequest(agent, service, "Do", new FindRequest.Answer() {
                        @Override
                        public void found(Tunnel tunnel) {
                            if (!tunnel.agent().equals(agent) || !tunnel.serves(service, "Do")) {
                                wrong.incrementAndGet();
                            }
                            if (ThreadLocalRandom.current().nextInt(5) == 0) {
                                registry.find(request[0]); // takes another, or this one again
                                tunnel.giveBack();
                            } else if (!given.add(tunnel)) {
                                twice.incrementAndGet();
                            }
                        }

                        @Override
                        public void failed(Status status) {
                            wrong.incrementAndGet();
                        }
                    });
                    registry.find(request[0]);
                    if (ThreadLocalRandom.current().nextInt(6) == 0 && registry.abort(request[0])) {
                        aborted.incrementAndGet();
                    }
                    return null;
                }));
            }
            go.countDown();
            for (Future<?> one : all) {
                one.get();
            }
        }
        assertThat(twice).hasValue(0);
        assertThat(wrong).hasValue(0);
        long endedUnused = streams.stream().filter(stream -> stream.ends.get() == 1).count();
        assertThat(streams).allMatch(stream -> stream.ends.get() <= 1);
        assertThat(given.size() + registry.waiting() + aborted.get()).as("every request is somewhere").isEqualTo(count);
        assertThat(endedUnused).isLessThanOrEqualTo(expired.get());
        // a tunnel may have ended in the hands of its request; all others are with a request or idle
        assertThat(given.size() + registry.idle() + endedUnused).as("every tunnel is somewhere").isGreaterThanOrEqualTo(count);
        for (int id = 0; id < 3; id++) {
            for (String service : SERVICES) {
                Asker probe = new Asker(agent(id), service);
                int waiting = registry.waiting();
                registry.find(probe.request);
                if (!probe.tunnels.isEmpty()) {
                    Asker second = new Asker(agent(id), service);
                    SilentStream stream = new SilentStream();
                    Tunnel more = SilentStream.tunnel(registry, agent(id), service, stream);
                    more.giveBack();
                    registry.find(second.request);
                    assertThat(second.tunnels).as("with an idle tunnel nobody had waited").containsExactly(more);
                }
                assertThat(registry.waiting()).isEqualTo(probe.tunnels.isEmpty() ? waiting + 1 : waiting);
            }
        }
    }

    @Test
    @DisplayName("So many requests wait for one agent and no more; other agents are unharmed")
    void crowd() {
        for (int i = 0; i < TunnelRegistry.MAX_WAITING; i++) {
            registry.find(new Asker(agent(1), "a.One").request);
        }
        Asker refused = new Asker(agent(1), "a.One");
        registry.find(refused.request);
        assertThat(refused.failures).singleElement().satisfies(status -> {
            assertThat(status.getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
            assertThat(status.getDescription()).startsWith("1024 requests already wait");
        });
        Asker other = new Asker(agent(2), "a.One");
        registry.find(other.request);
        assertThat(other.failures).isEmpty();
        registry.stop();
        assertThat(other.failures).containsExactly(TunnelRegistry.STOPPED);
        assertThat(log.lines("Stopped tunnels and aborted find requests")).singleElement().satisfies(
                line -> assertThat(line.fields()).containsEntry("error", "num_tunnels=0, num_find_requests=1025"));
    }
}
