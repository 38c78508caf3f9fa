package org.openkas.bench;

import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.openkas.proto.agentregistrar.AgentRegistrarGrpc;
import org.openkas.proto.agentregistrar.RegisterRequest;
import org.openkas.proto.agentregistrar.RegisterResponse;
import org.openkas.testkit.ConfiguredAgent;
import org.openkas.testkit.Surroundings;

/** Register calls a second on one connection, beside a bare gRPC server with the same messages in the same run. */
final class Unary {
    private static final int[] STREAMS = {1, 16, 64};
    private static final long WARM_UP_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final long RUN_NANOS = TimeUnit.SECONDS.toNanos(5);

    private Unary() {
    }

    static void run(Site site, boolean peer) throws Exception {
        Server bare = NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0)).directExecutor()
                .addService(new AgentRegistrarGrpc.AgentRegistrarImplBase() {
                    @Override
                    public void register(RegisterRequest request, StreamObserver<RegisterResponse> answer) {
                        answer.onNext(RegisterResponse.getDefaultInstance());
                        answer.onCompleted();
                    }
                }).build().start();
        try {
            for (int streams : STREAMS) {
                double plain = rate(ConfiguredAgent.channel("grpc", bare.getPort()), streams);
                double grpc = rate(ConfiguredAgent.channel("grpc", site.agentPort), streams);
                double ws = rate(ConfiguredAgent.channel("ws", site.agentPort), streams);
                double http = peer ? Double.NaN : rate(ConfiguredAgent.channel("http", site.httpPort), streams);
                System.out.printf("unary %2d at once: bare gRPC %.0f/s; server over gRPC %.0f/s (%.2f), over WebSocket %.0f/s (%.2f),"
                        + " over Open Liberty's port %.0f/s (%.2f)%n", streams, plain, grpc, grpc / plain, ws, ws / plain, http, http / plain);
            }
        } finally {
            bare.shutdownNow();
        }
    }

    private static double rate(ManagedChannel channel, int streams) throws InterruptedException {
        AgentRegistrarGrpc.AgentRegistrarStub stub = AgentRegistrarGrpc.newStub(channel).withCallCredentials(ConfiguredAgent.bearer(Surroundings.token(0)));
        AtomicLong done = new AtomicLong();
        for (int i = 0; i < streams; i++) {
            new Loop(stub, done, i).next();
        }
        TimeUnit.NANOSECONDS.sleep(WARM_UP_NANOS);
        long before = done.get();
        TimeUnit.NANOSECONDS.sleep(RUN_NANOS);
        long calls = done.get() - before;
        channel.shutdownNow();
        return (double) calls * 1e9 / RUN_NANOS;
    }

    private static final class Loop implements StreamObserver<RegisterResponse> {
        private final AgentRegistrarGrpc.AgentRegistrarStub stub;
        private final AtomicLong done;
        private final RegisterRequest request;

        Loop(AgentRegistrarGrpc.AgentRegistrarStub stub, AtomicLong done, int podId) {
            this.stub = stub;
            this.done = done;
            request = RegisterRequest.newBuilder().setPodId(podId).build();
        }

        void next() {
            stub.register(request, this);
        }

        @Override
        public void onNext(RegisterResponse response) {
            done.incrementAndGet();
        }

        @Override
        public void onError(Throwable failure) {
            // the channel was closed at the end of the run
        }

        @Override
        public void onCompleted() {
            next();
        }
    }
}
