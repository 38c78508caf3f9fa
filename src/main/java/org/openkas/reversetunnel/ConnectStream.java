package org.openkas.reversetunnel;

import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.openkas.common.AgentToken;
import org.openkas.common.Backoff;
import org.openkas.common.Log;
import org.openkas.common.Timers;
import org.openkas.gitlab.AgentInfo;
import org.openkas.gitlab.AgentLookup;
import org.openkas.grpc.CallAge;
import org.openkas.proto.reversetunnel.ConnectRequest;
import org.openkas.proto.reversetunnel.ConnectResponse;

/**
 * What a Connect call does until its tunnel is there, and how gRPC's events reach the tunnel then (chapter 01 §5.7.2).
 * Holds no thread while it waits. Thread-safe.
 */
final class ConnectStream implements StreamObserver<ConnectRequest> {
    private static final Backoff.Policy RETRY = Backoff.Policy.doubling(Duration.ofMillis(20), Duration.ofMillis(100),
            Duration.ofSeconds(10));

    private final ServerCallStreamObserver<ConnectResponse> stream;
    private final TunnelRegistry registry;
    private final Timers timers;
    private final Backoff backoff;
    private final CallAge age;
    private Timers.Cancellable ageWait = () -> {
    };
    private @Nullable AgentInfo agent;
    private @Nullable Tunnel tunnel;
    private boolean ended;

    ConnectStream(ServerCallStreamObserver<ConnectResponse> stream, TunnelRegistry registry, Timers timers, RandomGenerator random,
            CallAge age) {
        this.stream = stream;
        this.registry = registry;
        this.timers = timers;
        this.age = age;
        backoff = RETRY.begin(timers, random);
    }

    /** Looks the agent up, as often as it takes, and then waits for the descriptor. */
    void identify(AgentIdentification agents, AgentToken token, Log log) {
        timers.after(Duration.ZERO, () -> attempt(agents, token, log));
    }

    private void attempt(AgentIdentification agents, AgentToken token, Log log) {
        if (over()) {
            return;
        }
        try {
            AgentInfo found = agents.identify(token, log);
            synchronized (this) {
                agent = found;
            }
            stream.request(1);
        } catch (StatusException e) {
            if (!AgentLookup.retriable(e.getStatus())) {
                end(e.getStatus());
            } else if (age.ended()) {
                end(Status.OK);
            } else {
                timers.after(backoff.next(), () -> attempt(agents, token, log));
            }
        } catch (InterruptedException e) {
            end(AgentLookup.CANCELLED);
        } catch (RuntimeException e) {
            log.withError(e).error("ReverseTunnel: unexpected failure");
            end(Status.INTERNAL.withDescription("ReverseTunnel: unexpected failure"));
        }
    }

    @Override
    public void onNext(ConnectRequest message) {
        Tunnel open;
        AgentInfo who;
        synchronized (this) {
            open = tunnel;
            who = agent;
        }
        if (open != null) {
            open.received(message);
        } else if (message.hasTunnelDescriptor() && who != null) {
            open(new Tunnel(new AgentKey(who.type(), who.agentId()), message.getTunnelDescriptor().getAgentDescriptor(), stream,
                    registry));
        } else {
            end(Status.INVALID_ARGUMENT.withDescription("Invalid oneof value type: *rpc.ConnectRequest_" + kind(message)));
        }
    }

    private void open(Tunnel opened) {
        synchronized (this) {
            if (ended) {
                return;
            }
            tunnel = opened;
        }
        // offered before its age is watched, so that an age that is over removes it again
        opened.giveBack();
        Timers.Cancellable wait = age.whenEnded(opened::expire);
        boolean late;
        synchronized (this) {
            ageWait = wait;
            late = ended;
        }
        if (late) {
            wait.cancel();
        }
    }

    private static String kind(ConnectRequest message) {
        return switch (message.getMsgCase()) {
            case HEADER -> "Header";
            case MESSAGE -> "Message";
            case TRAILER -> "Trailer";
            case ERROR -> "Error";
            case TUNNEL_DESCRIPTOR -> "Descriptor_";
            case MSG_NOT_SET -> "nil";
        };
    }

    @Override
    public void onCompleted() {
        Tunnel open = current();
        if (open != null) {
            open.completed();
        } else {
            end(Status.UNKNOWN.withDescription("EOF"));
        }
    }

    /** Cancelled calls come through the cancel handler. */
    @Override
    public void onError(Throwable failure) {
        cancelled();
    }

    void ready() {
        Tunnel open = current();
        if (open != null) {
            open.ready();
        }
    }

    void cancelled() {
        Tunnel open;
        Timers.Cancellable wait;
        synchronized (this) {
            ended = true;
            open = tunnel;
            wait = ageWait;
        }
        wait.cancel();
        if (open != null) {
            open.cancelled(AgentLookup.CANCELLED);
        }
    }

    void end(Status status) {
        synchronized (this) {
            if (ended) {
                return;
            }
            ended = true;
        }
        if (status.isOk()) {
            stream.onCompleted();
        } else {
            stream.onError(status.asException());
        }
    }

    private synchronized boolean over() {
        return ended;
    }

    private synchronized @Nullable Tunnel current() {
        return tunnel;
    }
}
