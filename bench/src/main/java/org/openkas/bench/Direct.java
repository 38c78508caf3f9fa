package org.openkas.bench;

import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.openkas.proto.grpctool.HttpRequest;
import org.openkas.proto.reversetunnel.ConnectRequest;
import org.openkas.proto.reversetunnel.ConnectResponse;
import org.openkas.proto.reversetunnel.Message;
import org.openkas.proto.reversetunnel.RequestInfo;
import org.openkas.proto.reversetunnel.ReverseTunnelGrpc;
import org.openkas.testkit.ConfiguredAgent;
import org.openkas.testkit.Surroundings;
import org.openkas.testkit.TunnelAgent;

/** The rate of one download when the simulated agent's tunnel ends in a bare gRPC server that drops what comes, without any KAS. */
final class Direct {
    private static final long MILLIS = 8_000;
    private static final String METHOD = "/gitlab.agent.kubernetes_api.rpc.KubernetesApi/MakeRequest";

    private Direct() {
    }

    /** Prints it in MiB a second, and after it what comes through the server. */
    static void run(Site site) throws Exception {
        System.out.printf("bytes without a server between, 1 connection: %.0f MiB/s%n", rate());
        for (String transport : List.of("grpc", "ws")) {
            Bandwidth.run(site, transport, List.of("down", "1"));
        }
    }

    private static double rate() throws IOException, InterruptedException {
        AtomicLong bytes = new AtomicLong();
        Server server = NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0)).directExecutor().addService(new Sink(bytes)).build().start();
        try (TunnelAgent agent = new TunnelAgent(ConfiguredAgent.channel("grpc", server.getPort()), Surroundings.token(0), 1)) {
            Thread.sleep(MILLIS);
            long before = bytes.get();
            long begin = System.nanoTime();
            Thread.sleep(MILLIS);
            double seconds = (double) (System.nanoTime() - begin) / TimeUnit.SECONDS.toNanos(1);
            return (double) (bytes.get() - before) / (1 << 20) / seconds;
        } finally {
            server.shutdownNow();
        }
    }

    private static final class Sink extends ReverseTunnelGrpc.ReverseTunnelImplBase {
        private final AtomicLong bytes;
        private final AtomicBoolean taken = new AtomicBoolean();

        private Sink(AtomicLong bytes) {
            this.bytes = bytes;
        }

        @Override
        public StreamObserver<ConnectRequest> connect(StreamObserver<ConnectResponse> responses) {
            ServerCallStreamObserver<ConnectResponse> tunnel = (ServerCallStreamObserver<ConnectResponse>) responses;
            tunnel.setOnCancelHandler(() -> {
            });
            return new StreamObserver<>() {
                @Override
                public void onNext(ConnectRequest request) {
                    if (request.hasTunnelDescriptor() && !taken.getAndSet(true)) {
                        ask(tunnel);
                    }
                    if (request.hasMessage()) {
                        bytes.addAndGet(request.getMessage().getData().size());
                    }
                }

                @Override
                public void onError(Throwable failure) {
                    // the end of the run
                }

                @Override
                public void onCompleted() {
                    tunnel.onCompleted();
                }
            };
        }

        private static void ask(StreamObserver<ConnectResponse> tunnel) {
            tunnel.onNext(ConnectResponse.newBuilder().setRequestInfo(RequestInfo.newBuilder().setMethodName(METHOD)).build());
            send(tunnel, HttpRequest.newBuilder().setHeader(HttpRequest.Header.newBuilder()
                    .setRequest(org.openkas.proto.prototool.HttpRequest.newBuilder().setMethod("GET").setUrlPath("/bytes"))).build());
            send(tunnel, HttpRequest.newBuilder().setTrailer(HttpRequest.Trailer.getDefaultInstance()).build());
        }

        private static void send(StreamObserver<ConnectResponse> tunnel, HttpRequest message) {
            tunnel.onNext(ConnectResponse.newBuilder().setMessage(Message.newBuilder().setData(message.toByteString())).build());
        }
    }
}
