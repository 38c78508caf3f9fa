package org.openkas.gitlabaccess;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.openkas.testkit.ModuleStream.header;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.Status;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.openkas.common.AgentToken;
import org.openkas.common.AgentType;
import org.openkas.common.SystemTimers;
import org.openkas.gitlab.GitLabAddress;
import org.openkas.gitlab.GitLabClient;
import org.openkas.gitlab.GitLabException;
import org.openkas.gitlab.GitLabResponse;
import org.openkas.gitlab.HttpModuleRequests;
import org.openkas.gitlab.LimiterObserver;
import org.openkas.gitlab.ModuleRequest;
import org.openkas.gitlab.ModuleRequests;
import org.openkas.gitlab.TokenBucket;
import org.openkas.gitlab.TrustedCertificates;
import org.openkas.grpc.CallContext;
import org.openkas.jwt.TokenSigner;
import org.openkas.testkit.FakeGitLab;
import org.openkas.testkit.FakeTimers;
import org.openkas.testkit.GitLabAnswer;
import org.openkas.testkit.InProcess;
import org.openkas.testkit.ModuleStream;
import org.openkas.testkit.RecordedLog;

/** What a call keeps, and for how long. */
@Timeout(30)
class GitlabAccessServiceTest {
    @TempDir
    Path directory;

    private final FakeTimers timers = new FakeTimers();
    private final RecordedLog log = new RecordedLog();
    private final CompletableFuture<ModuleRequest> asked = new CompletableFuture<>();
    private final CountDownLatch givenUp = new CountDownLatch(1);
    private AgentToken token = AgentToken.ofAgentk("token");
    private ModuleRequests gitLab = this::never;
    private BodyStore bodies;
    private InProcess service;

    private GitLabResponse never(ModuleRequest request) throws InterruptedException {
        asked.complete(request);
        try {
            new CountDownLatch(1).await();
            throw new IllegalStateException("nobody counts down");
        } catch (InterruptedException e) {
            givenUp.countDown();
            throw e;
        }
    }

    @BeforeEach
    void serve() {
        bodies = new BodyStore(directory, new BodyStore.Limits(4, 100, 100, 1));
        GitlabAccessService access = new GitlabAccessService(Optional.of(request -> gitLab.make(request)), bodies, timers,
                Executors.newVirtualThreadPerTaskExecutor());
        ServerInterceptor context = new ServerInterceptor() {
            @Override
            public <Q, A> ServerCall.Listener<Q> interceptCall(ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
                return Contexts.interceptCall(Context.current().withValues(CallContext.TOKEN, token, CallContext.LOG, log.log()), call,
                        headers, next);
            }
        };
        service = new InProcess(ServerInterceptors.intercept(access, List.of(context)));
    }

    @AfterEach
    void stop() {
        service.close();
    }

    private ModuleStream begun() {
        return ModuleStream.open(service.channel(), "ignored").header(header("m", "POST", "/", Map.of()));
    }

    @Test
    @DisplayName("An agent that sends nothing for five minutes loses its request and what is kept of it; one that sends keeps it")
    void sendsNothing() throws Exception {
        ModuleStream stream = begun().data("12345");
        timers.advance(Standstill.LIMIT.minusSeconds(1));
        stream.data("6");
        timers.advance(Standstill.LIMIT.minusSeconds(1));
        assertThat(stream.end()).isNotDone();
        assertThat(bodies.isEmpty()).isFalse();
        timers.advance(Duration.ofSeconds(1));
        Status end = stream.end().get(10, SECONDS);
        assertThat(end.getCode()).isEqualTo(Status.Code.CANCELLED);
        assertThat(end.getDescription()).isEqualTo("gRPC -> HTTP: the agent sends nothing for 5 minutes");
        assertThat(bodies.isEmpty()).isTrue();
    }

    @Test
    @DisplayName("A GitLab that is slow is waited for as long as the agent does; an agent that leaves gives everything back")
    void slowGitLab() throws Exception {
        ModuleStream stream = begun().data("12345").trailer().halfClose();
        assertThat(asked.get(10, SECONDS).body().length()).isEqualTo(5);
        timers.advance(Standstill.LIMIT.multipliedBy(3));
        assertThat(stream.end()).isNotDone();
        stream.cancel();
        assertThat(givenUp.await(10, SECONDS)).isTrue();
        await().atMost(Duration.ofSeconds(10)).until(bodies::isEmpty);
    }

    @Test
    @DisplayName("An answer waits for an agent that takes nothing, and is given up after five minutes; what was taken before is good")
    void takesNothing() throws Exception {
        SystemTimers clock = new SystemTimers(Executors.newVirtualThreadPerTaskExecutor());
        try (FakeGitLab fake = FakeGitLab.release19();
                GitLabClient client = GitLabClient.of(GitLabAddress.parse(fake.address().toString()), TrustedCertificates.ofHost(Map.of()),
                        Map.of(), "gitlab-kas", new TokenSigner(FakeGitLab.SECRET, "gitlab-kas", List.of("gitlab"), Duration.ofSeconds(30),
                                clock),
                        new TokenBucket(100, 100, clock, LimiterObserver.NONE), clock, Executors.newVirtualThreadPerTaskExecutor())) {
            fake.always("/internal/kubernetes/modules/m/",
                    request -> new GitLabAnswer(200, List.of(), new byte[8 << 20], Duration.ZERO, GitLabAnswer.Fate.COMPLETE));
            gitLab = new HttpModuleRequests(client);
            ModuleStream stream = ModuleStream.slow(service.channel(), "ignored").header(header("m", "POST", "/", Map.of())).trailer()
                    .halfClose();
            stream.take(5);
            await().atMost(Duration.ofSeconds(10)).until(() -> stream.answers().size() == 5);
            await().atMost(Duration.ofSeconds(10)).until(() -> {
                timers.advance(Standstill.LIMIT);
                return !log.lines("gRPC -> HTTP").isEmpty();
            });
            stream.take(1000);
            Status end = stream.end().get(10, SECONDS);
            assertThat(end.getDescription()).isEqualTo("gRPC -> HTTP: the agent takes nothing for 5 minutes");
            assertThat(stream.answers()).hasSizeLessThan(10);
            await().atMost(Duration.ofSeconds(10)).until(() -> fake.openConnections() == 0);
        }
        clock.close();
    }

    @Test
    @DisplayName("A body that finds no room is refused, and leaves room")
    void noRoom() throws Exception {
        ModuleStream first = begun().data("12345");
        ModuleStream second = begun().data("12345");
        Status end = second.end().get(10, SECONDS);
        assertThat(end.getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        assertThat(end.getDescription()).isEqualTo("gRPC -> HTTP: too much waits to be sent to GitLab, try again later");
        assertThat(log.lines("gRPC -> HTTP")).hasSize(1);
        first.cancel();
        await().atMost(Duration.ofSeconds(10)).until(bodies::isEmpty);
        ModuleStream third = begun().data("12345").trailer().halfClose();
        assertThat(asked.get(10, SECONDS).body().length()).isEqualTo(5);
        third.cancel();
    }

    @Test
    @DisplayName("A failure that nobody foresaw ends the call")
    void unexpected() throws Exception {
        gitLab = request -> {
            throw new IllegalStateException("broken");
        };
        Status end = begun().trailer().halfClose().end().get(10, SECONDS);
        assertThat(end.getCode()).isEqualTo(Status.Code.INTERNAL);
        assertThat(end.getDescription()).isEqualTo("gRPC -> HTTP: unexpected failure");
        gitLab = request -> {
            throw GitLabException.status(500, "/p", "");
        };
        assertThat(begun().trailer().halfClose().end().get(10, SECONDS).getDescription())
                .isEqualTo("gRPC -> HTTP: HTTP status code: 500 for path /p");
        assertThat(bodies.isEmpty()).isTrue();
    }

    @Test
    @DisplayName("Other kinds of agents have no modules")
    void otherKinds() throws Exception {
        token = new AgentToken(AgentType.RUNNER, "token");
        Status end = ModuleStream.open(service.channel(), "ignored").end().get(10, SECONDS);
        assertThat(end.getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
    }
}
