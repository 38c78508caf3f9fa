package org.openkas.reversetunnel;

import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.openkas.common.AgentToken;
import org.openkas.common.Log;
import org.openkas.common.Timers;
import org.openkas.gitlab.AgentIdentification;
import org.openkas.gitlab.AgentInfo;
import org.openkas.gitlab.AgentLookup;
import org.openkas.grpc.CallAge;
import org.openkas.grpc.EarlyEnd;
import org.openkas.proto.reversetunnel.ConnectRequest;
import org.openkas.proto.reversetunnel.ConnectResponse;

/**
 * What a Connect call does until its tunnel is there, and how gRPC's events reach the tunnel then (chapter 01 §5.7.2).
 * Holds no thread while it waits. Thread-safe.
 */
final class ConnectStream implements StreamObserver<ConnectRequest> {

    /** What all streams share. */
    record Parts(AgentIdentification agents, Descriptions descriptions, TunnelRegistry registry, Timers timers, RandomGenerator random, Executor executor) {
    }

    private static final Status NO_DESCRIPTOR = Status.UNKNOWN.withDescription("EOF");

    private final Parts parts;
    private final ServerCallStreamObserver<ConnectResponse> stream;
    private final Log log;
    private final @Nullable EarlyEnd early;
    private @Nullable AgentSearch search;
    private Timers.Cancellable ageWait = () -> {
    };
    private @Nullable AgentInfo agent;
    private @Nullable Tunnel tunnel;
    private boolean aged;
    private boolean halfClosed;
    private boolean ended;

    ConnectStream(Parts parts, ServerCallStreamObserver<ConnectResponse> stream, Log log, @Nullable EarlyEnd early) {
        this.parts = parts;
        this.stream = stream;
        this.log = log;
        this.early = early;
    }

    /** Looks the agent up, and then waits for the descriptor. */
    void identify(AgentToken token, CallAge age) {
        Optional<AgentInfo> known = parts.agents().known(token);
        Optional<AgentSearch> begun = known.isPresent()
                ? Optional.empty()
                : Optional.of(new AgentSearch(parts, token, log, this::identified, this::end));
        synchronized (this) {
            search = begun.orElse(null);
        }
        Timers.Cancellable wait = age.whenEnded(this::aged);
        boolean late;
        synchronized (this) {
            ageWait = wait;
            late = ended;
        }
        if (late) {
            wait.cancel();
        } else {
            known.ifPresent(this::identified);
            begun.ifPresent(AgentSearch::attempt);
        }
    }

    private void identified(AgentInfo found) {
        boolean nothingComes;
        synchronized (this) {
            agent = found;
            nothingComes = halfClosed;
        }
        if (nothingComes) {
            end(NO_DESCRIPTOR);
        } else {
            stream.request(1);
        }
    }

    /** Ends what waits, but not while the descriptor is under way. */
    private void aged() {
        Tunnel open;
        boolean searching;
        synchronized (this) {
            aged = true;
            open = tunnel;
            searching = agent == null;
        }
        if (open != null) {
            open.expire();
        } else if (searching) {
            end(Status.OK);
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
            open(new Tunnel(new AgentKey(who.type(), who.agentId()),
                    parts.descriptions().of(message.getTunnelDescriptor().getAgentDescriptor()), stream,
                    parts.registry()));
        } else {
            end(Status.INVALID_ARGUMENT.withDescription("Invalid oneof value type: *rpc.ConnectRequest_" + kind(message)));
        }
    }

    private void open(Tunnel opened) {
        boolean late;
        synchronized (this) {
            if (ended) {
                return;
            }
            tunnel = opened;
            late = aged;
        }
        if (late) {
            opened.expire();
        } else {
            opened.giveBack(); // an age that ends from now on finds the tunnel itself
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

    /** Whoever is not known yet first learns what the look-up says of the token. */
    @Override
    public void onCompleted() {
        Tunnel open;
        boolean known;
        synchronized (this) {
            open = tunnel;
            known = agent != null;
            halfClosed = true;
        }
        if (open != null) {
            open.completed();
        } else if (known) {
            end(NO_DESCRIPTOR);
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

    /** The call is over: the agent is gone, or a guard ended the call, or the end that the server chose was delivered. */
    void cancelled() {
        Tunnel open;
        synchronized (this) {
            ended = true;
            open = tunnel;
        }
        release();
        if (open != null) {
            open.cancelled(early == null ? AgentLookup.CANCELLED : early.status().orElse(AgentLookup.CANCELLED));
        }
    }

    void end(Status status) {
        synchronized (this) {
            if (ended) {
                return;
            }
            ended = true;
        }
        release();
        if (status.isOk()) {
            stream.onCompleted();
        } else {
            stream.onError(status.asException());
        }
    }

    private void release() {
        Timers.Cancellable wait;
        AgentSearch running;
        synchronized (this) {
            wait = ageWait;
            running = search;
        }
        wait.cancel();
        if (running != null) {
            running.stop();
        }
    }

    private synchronized @Nullable Tunnel current() {
        return tunnel;
    }
}
