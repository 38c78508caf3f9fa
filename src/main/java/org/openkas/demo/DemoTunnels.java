package org.openkas.demo;

import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.stub.BlockingClientCall;
import java.time.Duration;
import java.util.random.RandomGenerator;
import org.openkas.common.Backoff;
import org.openkas.common.Timers;
import org.openkas.proto.reversetunnel.ConnectRequest;
import org.openkas.proto.reversetunnel.ConnectResponse;
import org.openkas.proto.reversetunnel.Descriptor;
import org.openkas.proto.reversetunnel.ReverseTunnelGrpc.ReverseTunnelBlockingV2Stub;

/**
 * The tunnels of the demo agent (chapter 04 §3): some idle ones are always open, more are opened when those get busy, and
 * surplus ones are not opened again. Each has a virtual thread. Thread-safe.
 */
final class DemoTunnels {
    private static final int LEAST_IDLE = 2;
    private static final int MOST = 500;
    private static final int STEP = 10;
    private static final String METHOD = "/gitlab.agent.kubernetes_api.rpc.KubernetesApi/MakeRequest";
    private static final ConnectRequest DESCRIPTOR = descriptor();

    private final ReverseTunnelBlockingV2Stub server;
    private final ClusterForwarding forwarding;
    private final Timers timers;
    private final RandomGenerator random;
    private final DemoAgent.Story story;
    private int idle;
    private int all;
    private volatile boolean closed;

    DemoTunnels(ReverseTunnelBlockingV2Stub server, ClusterForwarding forwarding, Timers timers, RandomGenerator random,
            DemoAgent.Story story) {
        this.server = server;
        this.forwarding = forwarding;
        this.timers = timers;
        this.random = random;
        this.story = story;
    }

    private static ConnectRequest descriptor() {
        Descriptor.Builder descriptor = Descriptor.newBuilder();
        descriptor.getAgentDescriptorBuilder().addServicesBuilder().setName("gitlab.agent.kubernetes_api.rpc.KubernetesApi")
                .addMethodsBuilder().setName("MakeRequest");
        return ConnectRequest.newBuilder().setTunnelDescriptor(descriptor).build();
    }

    /** Opens the first ones. */
    synchronized void open() {
        more(LEAST_IDLE);
    }

    /** Opens none any more; those that are open end with the agent's connection. */
    void close() {
        closed = true;
    }

    private void more(int count) {
        for (int i = 0; i < Math.min(count, MOST - all); i++) {
            all++;
            idle++;
            Thread.ofVirtual().name("demo-tunnel").start(this::run);
        }
    }

    private synchronized void busy() {
        idle--;
        if (idle < LEAST_IDLE) {
            more(STEP);
        }
    }

    /** Whether the tunnel, whose attempt has ended, is to be opened again. */
    private synchronized boolean again(boolean wasBusy) {
        if (wasBusy) {
            idle++;
        } else if (idle > LEAST_IDLE) {
            idle--;
            all--;
            return false;
        }
        return !closed;
    }

    private void run() {
        Backoff backoff = new Backoff.Policy(Duration.ofMillis(200), Duration.ofSeconds(20), 1.6, 0.2, Duration.ofMinutes(1)).begin(timers,
                random);
        boolean goesOn = !closed;
        while (goesOn) {
            boolean[] busy = {false};
            try {
                attempt(busy);
            } catch (StatusException e) {
                if (closed) {
                    return;
                }
                Status.Code code = e.getStatus().getCode();
                if (code != Status.Code.CANCELLED && code != Status.Code.DEADLINE_EXCEEDED) {
                    story.failed("Connect", e.getStatus());
                    pause(backoff.next());
                }
            } catch (InterruptedException e) {
                return;
            }
            goesOn = again(busy[0]);
        }
    }

    private static void pause(Duration wait) {
        try {
            Thread.sleep(wait);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void attempt(boolean[] busy) throws StatusException, InterruptedException {
        BlockingClientCall<ConnectRequest, ConnectResponse> tunnel = server.connect();
        boolean ended = false;
        try {
            tunnel.write(DESCRIPTOR);
            ConnectResponse first = tunnel.read();
            if (first == null) {
                ended = true;
                return;
            }
            busy[0] = true;
            busy();
            TunnelledCall call = new TunnelledCall(tunnel);
            if (first.getRequestInfo().getMethodName().equals(METHOD)) {
                forwarding.serve(call);
            } else {
                call.end(Status.UNIMPLEMENTED.withDescription("unknown method " + first.getRequestInfo().getMethodName()));
                call.awaitEnd();
            }
            ended = true;
        } finally {
            if (!ended) {
                tunnel.cancel("the attempt failed", null);
            }
        }
    }
}
