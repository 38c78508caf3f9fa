package org.openkas.agentregistrar;

import com.google.protobuf.Message;
import com.google.protobuf.Timestamp;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import org.openkas.cluster.AgentTracker;
import org.openkas.cluster.TrackerException;
import org.openkas.common.AgentToken;
import org.openkas.common.AgentType;
import org.openkas.common.Log;
import org.openkas.common.Timers;
import org.openkas.gitlab.AgentIdentification;
import org.openkas.gitlab.AgentInfo;
import org.openkas.grpc.CallContext;
import org.openkas.proto.agentregistrar.AgentRegistrarGrpc;
import org.openkas.proto.agentregistrar.RegisterRequest;
import org.openkas.proto.agentregistrar.RegisterResponse;
import org.openkas.proto.agentregistrar.UnregisterRequest;
import org.openkas.proto.agentregistrar.UnregisterResponse;
import org.openkas.proto.agenttracker.ConnectedAgentInfo;

/**
 * AgentRegistrar of the agents' API (chapter 01 §5.4, chapter 04 §8.2, chapter 07 §4.5). What an agent says of itself is
 * kept whole, also what we do not know of it. Expects {@link CallContext#TOKEN} and {@link CallContext#LOG} in the context
 * of a call. Thread-safe.
 */
public final class AgentRegistrarService extends AgentRegistrarGrpc.AgentRegistrarImplBase {
    private final AgentIdentification agents;
    private final AgentTracker tracker;
    private final Timers timers;
    private final Executor executor;

    private interface Work<T extends Message> {
        T of(AgentInfo agent, Log log) throws StatusException;
    }

    private interface Caller {
        AgentInfo identify() throws StatusException, InterruptedException;
    }

    /** {@code executor} starts each task without waiting for others, on threads that may block: virtual ones. */
    public AgentRegistrarService(AgentIdentification agents, AgentTracker tracker, Timers timers, Executor executor) {
        this.agents = agents;
        this.tracker = tracker;
        this.timers = timers;
        this.executor = executor;
    }

    @Override
    public void register(RegisterRequest request, StreamObserver<RegisterResponse> observer) {
        answer(observer, (agent, log) -> {
            Instant now = timers.now();
            ConnectedAgentInfo.Builder connection = connection(agent, request.getPodId())
                    .setConnectedAt(Timestamp.newBuilder().setSeconds(now.getEpochSecond()).setNanos(now.getNano()));
            if (request.hasAgentMeta()) {
                connection.setAgentMeta(request.getAgentMeta());
            }
            try {
                tracker.register(agent.type(), connection.build(), false);
            } catch (TrackerException e) {
                throw unavailable("Failed to register agent", e, log);
            }
            return RegisterResponse.getDefaultInstance();
        });
    }

    /** OK also for a connection that is not there. */
    @Override
    public void unregister(UnregisterRequest request, StreamObserver<UnregisterResponse> observer) {
        answer(observer, (agent, log) -> {
            try {
                tracker.unregister(agent.type(), connection(agent, request.getPodId()).build());
            } catch (TrackerException e) {
                throw unavailable("Failed to unregister agent", e, log);
            }
            return UnregisterResponse.getDefaultInstance();
        });
    }

    private static ConnectedAgentInfo.Builder connection(AgentInfo agent, long id) {
        return ConnectedAgentInfo.newBuilder().setAgentId(agent.agentId()).setProjectId(agent.projectId()).setConnectionId(id);
    }

    private static StatusException unavailable(String text, TrackerException e, Log log) {
        log.withError(e).error(text);
        return Status.UNAVAILABLE.withDescription(text).asException();
    }

    private <T extends Message> void answer(StreamObserver<T> observer, Work<T> work) {
        AgentToken token = CallContext.TOKEN.get();
        // nobody can tell yet who other kinds of agents are, and their tokens are never checked as those of agentk
        if (token == null || token.type() != AgentType.AGENTK) {
            observer.onError(Status.UNAUTHENTICATED.withDescription("unauthenticated").asException());
            return;
        }
        Log log = CallContext.LOG.get();
        ServerCallStreamObserver<T> call = (ServerCallStreamObserver<T>) observer;
        Optional<AgentInfo> known = agents.known(token);
        if (known.isPresent()) {
            // only the tracker is left to wait for, and not for long: no caller that leaves must be noticed meanwhile
            call.setOnCancelHandler(() -> {
            });
            run(call, work, known::get, log);
            return;
        }
        FutureTask<Void> task = new FutureTask<>(() -> run(call, work, () -> agents.identify(token, log), log), null);
        call.setOnCancelHandler(() -> task.cancel(true));
        executor.execute(task);
    }

    private <T extends Message> void run(ServerCallStreamObserver<T> call, Work<T> work, Caller caller, Log log) {
        try {
            AgentInfo agent = caller.identify();
            T answer = work.of(agent, log.with("agent_id", agent.agentId()).with("project_id", agent.projectPath()));
            call.onNext(answer);
            call.onCompleted();
        } catch (StatusException e) {
            call.onError(e);
        } catch (InterruptedException e) {
            call.onError(Status.CANCELLED.withDescription("context canceled").asException());
        } catch (RuntimeException e) {
            log.withError(e).error("AgentRegistrar: unexpected failure");
            call.onError(Status.INTERNAL.withDescription("AgentRegistrar: unexpected failure").asException());
        }
    }
}
