package org.openkas.flux;

import static org.assertj.core.api.Assertions.assertThat;

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
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.openkas.common.AgentToken;
import org.openkas.common.AgentType;
import org.openkas.common.LogLevel;
import org.openkas.gitlab.AgentIdentification;
import org.openkas.gitlab.AgentInfo;
import org.openkas.gitlab.GitLabException;
import org.openkas.gitlab.ProjectAccessLookup;
import org.openkas.gitlab.ProjectAccessSource;
import org.openkas.grpc.CallContext;
import org.openkas.proto.entity.GitalyInfo;
import org.openkas.proto.entity.GitalyRepository;
import org.openkas.proto.event.Project;
import org.openkas.proto.flux.GitLabFluxGrpc;
import org.openkas.proto.flux.ReconcileProjectsRequest;
import org.openkas.proto.flux.ReconcileProjectsResponse;
import org.openkas.testkit.FakeTimers;
import org.openkas.testkit.ManualAge;
import org.openkas.testkit.RecordedLog;
import org.openkas.testkit.ToldPushes;
import org.openkas.usage.MemoryUsageCounters;

@Timeout(30)
class FluxServiceTest {
    private static final AgentInfo AGENT = new AgentInfo(AgentType.AGENTK, 42, "a", 7, GitalyInfo.getDefaultInstance(),
            GitalyRepository.getDefaultInstance(), "main");

    private final FakeTimers timers = new FakeTimers();
    private final RecordedLog log = new RecordedLog();
    private final ManualAge age = new ManualAge();
    private final ToldPushes pushes = new ToldPushes();
    private final MemoryUsageCounters usage = new MemoryUsageCounters();
    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final List<String> asked = new CopyOnWriteArrayList<>();
    private AgentToken token = AgentToken.ofAgentk("token");
    private volatile AgentIdentification agents = (_, _) -> AGENT;
    private volatile ProjectAccessSource access = (_, _) -> true;
    private Executor executor = Runnable::run;
    private FluxService service;
    private Server server;
    private ManagedChannel channel;

    @BeforeEach
    void serve() throws IOException {
        service = new FluxService((token, log) -> agents.identify(token, log), new ProjectAccessLookup((token, path) -> {
            asked.add(path);
            return access.mayAccess(token, path);
        }), new FluxMetrics(registry, usage), pushes, timers, new Random(1), task -> executor.execute(task));
        ServerInterceptor context = new ServerInterceptor() {
            @Override
            public <Q, A> ServerCall.Listener<Q> interceptCall(ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
                return Contexts.interceptCall(
                        Context.current().withValues(CallContext.TOKEN, token, CallContext.LOG, log.log(), CallContext.AGE, age), call,
                        headers, next);
            }
        };
        String name = InProcessServerBuilder.generateName();
        server = InProcessServerBuilder.forName(name).directExecutor().intercept(context).addService(service).build().start();
        channel = InProcessChannelBuilder.forName(name).directExecutor().build();
    }

    @AfterEach
    void stop() {
        service.close();
        channel.shutdownNow();
        server.shutdownNow();
    }

    private Agent agent(int messages, String... paths) {
        ReconcileProjectsRequest.Builder request = ReconcileProjectsRequest.newBuilder();
        for (String path : paths) {
            request.addProject(org.openkas.proto.flux.Project.newBuilder().setId(path));
        }
        Agent agent = new Agent(messages);
        GitLabFluxGrpc.newStub(channel).reconcileProjects(request.build(), agent);
        return agent;
    }

    private double counter(String name) {
        return registry.scrape(name::equals).stream().flatMap(metric -> ((CounterSnapshot) metric).getDataPoints().stream())
                .mapToDouble(CounterSnapshot.CounterDataPointSnapshot::getValue).sum();
    }

    @Test
    @DisplayName("AG-59: a push to a project that was asked for is told if GitLab grants access; GB-58: letter by letter")
    void tells() {
        Agent agent = agent(100, "g/p", "g/r");
        pushes.push(1, "g/p");
        pushes.push(2, "g/q");
        pushes.push(3, "G/p");
        pushes.push(4, "g/p/x");
        assertThat(agent.told).containsExactly("g/p");
        assertThat(asked).containsExactly("g/p");
        pushes.push(5, "g/r");
        pushes.push(1, "g/p");
        assertThat(agent.told).containsExactly("g/p", "g/r", "g/p");
        assertThat(agent.end).isEmpty();
        assertThat(counter("flux_git_push_notifications")).isEqualTo(3);
        assertThat(counter("flux_dropped_git_push_notifications")).isZero();
        assertThat(usage.snapshot().counts()).isEqualTo(Map.of("flux_git_push_notifications_total", 3L));
        assertThat(usage.snapshot().ids()).isEqualTo(Map.of("flux_git_push_notified_unique_projects", Set.of(1L, 5L)));
        assertThat(log.lines("Started reconcile projects ...")).singleElement()
                .satisfies(line -> assertThat(line.fields()).containsEntry("agent_id", 42L));
    }

    @Test
    @DisplayName("AG-59, GB-21: without access nothing is told, counted or logged")
    void noAccess() {
        access = (_, _) -> false;
        Agent agent = agent(100, "g/p");
        pushes.push(1, "g/p");
        assertThat(asked).containsExactly("g/p");
        assertThat(agent.told).isEmpty();
        assertThat(usage.snapshot().isEmpty()).isTrue();
        assertThat(log.lines()).allSatisfy(line -> assertThat(line.level()).isEqualTo(LogLevel.DEBUG));
    }

    @Test
    @DisplayName("GB-21: where nobody can tell, the push is dropped and reported, and later ones are told")
    void accessUnknown() {
        GitLabException failure = GitLabException.status(500, "/api/v4/internal/kubernetes/verify_project_access", "");
        access = (_, _) -> {
            throw failure;
        };
        Agent agent = agent(100, "g/p");
        pushes.push(1, "g/p");
        assertThat(agent.told).isEmpty();
        assertThat(log.lines("VerifyProjectAccess()")).singleElement().satisfies(line -> {
            assertThat(line.level()).isEqualTo(LogLevel.ERROR);
            assertThat(line.fields()).containsEntry("agent_id", 42L).containsEntry("error",
                    "HTTP status code: 500 for path /api/v4/internal/kubernetes/verify_project_access");
        });
        assertThat(log.lines("Failed to check if project g/p is accessible by agent")).singleElement().satisfies(line -> {
            assertThat(line.level()).isEqualTo(LogLevel.ERROR);
            assertThat(line.fields()).containsEntry("error", "rpc error: code = Unavailable desc = unavailable");
        });
        access = (_, _) -> true;
        pushes.push(1, "g/p");
        assertThat(agent.told).containsExactly("g/p");
    }

    @Test
    @DisplayName("Ten pushes wait for an agent that does not read; the next are dropped and counted")
    void drops() {
        Agent agent = agent(0, "g/p");
        // in-process, the first message is on its way before anybody knows that it is not wanted
        for (int i = 1; i <= 20; i++) {
            pushes.push(i, "g/p");
        }
        double told = counter("flux_git_push_notifications");
        double dropped = counter("flux_dropped_git_push_notifications");
        assertThat(dropped).isEqualTo(20 - told - 10);
        assertThat(told).isLessThan(3);
        assertThat(log.lines("Dropping Git push event")).hasSize((int) dropped).first().satisfies(line -> {
            assertThat(line.level()).isEqualTo(LogLevel.DEBUG);
            assertThat(line.fields()).containsEntry("project_id", "g/p").containsEntry("agent_id", 42L);
        });
        agent.read(100);
        assertThat(agent.told).hasSize((int) told + 10);
        pushes.push(21, "g/p");
        assertThat(agent.told).hasSize((int) told + 11);
    }

    @Test
    @DisplayName("An agent without projects, and one that asks twice for the same")
    void oddRequests() {
        Agent none = agent(100);
        Agent twice = agent(100, "g/p", "g/p");
        pushes.push(1, "g/p");
        assertThat(none.told).isEmpty();
        assertThat(none.end).isEmpty();
        assertThat(twice.told).containsExactly("g/p");
    }

    @Test
    @DisplayName("While nobody knows the agent it waits, 10 s to 20 s first; other failures end its stream")
    void identification() {
        agents = (_, _) -> {
            throw Status.UNAVAILABLE.withDescription("unavailable").asException();
        };
        Agent agent = agent(100, "g/p");
        pushes.push(1, "g/p");
        timers.advance(Duration.ofMillis(9_999));
        agents = (_, _) -> AGENT;
        pushes.push(1, "g/p");
        assertThat(agent.told).isEmpty();
        timers.advance(Duration.ofMillis(10_001));
        pushes.push(1, "g/p");
        assertThat(agent.told).containsExactly("g/p");

        agents = (_, _) -> {
            throw Status.PERMISSION_DENIED.withDescription("forbidden").asException();
        };
        assertThat(agent(100, "g/p").end).hasValueSatisfying(status -> assertThat(status.getDescription()).isEqualTo("forbidden"));
    }

    @Test
    @DisplayName("The age of the call ends a stream that waits to know its agent, and no other")
    void aged() {
        Agent listening = agent(100, "g/p");
        assertThat(age.waiting()).as("for the drain only").isEqualTo(1);
        agents = (_, _) -> {
            throw Status.UNAVAILABLE.asException();
        };
        Agent waiting = agent(100, "g/p");
        age.end();
        assertThat(waiting.end).contains(Status.OK);
        assertThat(listening.end).isEmpty();
        pushes.push(1, "g/p");
        assertThat(listening.told).containsExactly("g/p");
    }

    @Test
    @DisplayName("A server that drains ends all streams with OK, also those that begin then")
    void drains() {
        Agent before = agent(100, "g/p");
        assertThat(service.watchedProjects()).isEqualTo(1);
        age.drain();
        assertThat(before.end).contains(Status.OK);
        assertThat(agent(100, "g/p").end).contains(Status.OK);
        assertThat(service.watchedProjects()).isZero();
        assertThat(age.waiting()).isZero();
        assertThat(log.lines("Stopped reconcile projects ...")).isNotEmpty();
    }

    @Test
    @DisplayName("An agent that leaves is forgotten, and what GitLab is asked for it is given up")
    void leaves() throws InterruptedException {
        CountDownLatch asking = new CountDownLatch(1);
        CountDownLatch givenUp = new CountDownLatch(1);
        access = (_, _) -> {
            asking.countDown();
            try {
                new CountDownLatch(1).await();
                return true;
            } catch (InterruptedException e) {
                givenUp.countDown();
                throw e;
            }
        };
        executor = Executors.newVirtualThreadPerTaskExecutor();
        Agent agent = agent(100, "g/p");
        while (asking.getCount() > 0) {
            // whether the stream listens already is not to be seen from outside
            pushes.push(1, "g/p");
            boolean _ = asking.await(5, TimeUnit.MILLISECONDS);
        }
        agent.cancel();
        assertThat(givenUp.await(20, TimeUnit.SECONDS)).isTrue();
        assertThat(service.watchedProjects()).isZero();
        assertThat(log.lines()).allSatisfy(line -> assertThat(line.level()).isEqualTo(LogLevel.DEBUG));
    }

    @Test
    @DisplayName("Other kinds of agents have no projects")
    void otherKinds() {
        token = new AgentToken(AgentType.RUNNER, "token");
        assertThat(agent(100, "g/p").end).hasValueSatisfying(status -> {
            assertThat(status.getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
            assertThat(status.getDescription()).isEqualTo("unauthenticated");
        });
    }

    private static final class Agent implements ClientResponseObserver<ReconcileProjectsRequest, ReconcileProjectsResponse> {
        private final List<String> told = new CopyOnWriteArrayList<>();
        private final int messages;
        private volatile Optional<Status> end = Optional.empty();
        private ClientCallStreamObserver<ReconcileProjectsRequest> stream;

        Agent(int messages) {
            this.messages = messages;
        }

        @Override
        public void beforeStart(ClientCallStreamObserver<ReconcileProjectsRequest> requests) {
            stream = requests;
            requests.disableAutoRequestWithInitial(messages);
        }

        void read(int more) {
            stream.request(more);
        }

        void cancel() {
            stream.cancel("gone", null);
        }

        @Override
        public void onNext(ReconcileProjectsResponse response) {
            told.add(response.getProject().getId());
        }

        @Override
        public void onError(Throwable failure) {
            end = Optional.of(Status.fromThrowable(failure));
        }

        @Override
        public void onCompleted() {
            end = Optional.of(Status.OK);
        }
    }
}
