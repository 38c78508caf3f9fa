package org.openkas.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;
import org.openkas.common.SystemTimers;
import org.openkas.net.EventLoops;
import org.openkas.net.ListenAddress;
import org.openkas.net.ListenException;
import org.openkas.net.Network;
import org.openkas.net.Security;
import org.openkas.proto.agentregistrar.AgentRegistrarGrpc;
import org.openkas.proto.agentregistrar.RegisterRequest;
import org.openkas.proto.agentregistrar.RegisterResponse;

@ParameterizedClass
@ValueSource(booleans = {true, false})
class GrpcListenerTest {
    private final EventLoops loops;
    private SystemTimers timers;

    GrpcListenerTest(boolean epoll) {
        loops = new EventLoops(2, epoll);
    }

    @BeforeEach
    void startTimers() {
        timers = new SystemTimers(Executors.newVirtualThreadPerTaskExecutor());
    }

    @AfterEach
    void stopLoops() {
        loops.close();
        timers.close();
    }

    private static final class Registrar extends AgentRegistrarGrpc.AgentRegistrarImplBase {
        @Override
        public void register(RegisterRequest request, StreamObserver<RegisterResponse> responses) {
            responses.onNext(RegisterResponse.getDefaultInstance());
            responses.onCompleted();
        }
    }

    private GrpcListener listener(ListenAddress address) throws ListenException {
        return new GrpcListener(
                ListenerSettings.http2(address, new Security.Plain(), Duration.ofHours(2), Duration.ZERO), new ListenerRuntime(loops,
                        Executors.newVirtualThreadPerTaskExecutor(), timers, RandomGenerator.getDefault()),
                new MethodTable(List.of(new Registrar()), List.of()));
    }

    @Test
    void servesCallsAndEndsInGoodOrder() throws Exception {
        GrpcListener listener = listener(new ListenAddress(Network.TCP, "127.0.0.1:0"));
        listener.start();
        assertThat(listener.bound().network()).isEqualTo("tcp");
        assertThat(listener.bound().address()).matches("127\\.0\\.0\\.1:[1-9][0-9]*");
        ManagedChannel channel = NettyChannelBuilder.forAddress("127.0.0.1", listener.bound().port()).usePlaintext().build();
        try {
            assertThat(AgentRegistrarGrpc.newBlockingStub(channel).register(RegisterRequest.getDefaultInstance())).isNotNull();
            listener.drain(Duration.ofSeconds(5));
        } finally {
            channel.shutdownNow();
        }
    }

    @Test
    void aTakenPortIsNamedInTheWordsOfTheReference() throws Exception {
        try (GrpcListener first = listener(new ListenAddress(Network.TCP, "127.0.0.1:0"))) {
            first.start();
            String address = first.bound().address();
            assertThatThrownBy(() -> listener(new ListenAddress(Network.TCP, address)).start()).isInstanceOf(ListenException.class)
                    .hasMessage("listen tcp " + address + ": bind: address already in use");
        }
    }

    @Test
    void aUnixSocketIsRemovedOnCloseAndAStaleOneIsInTheWay(@TempDir Path directory) throws Exception {
        Path path = directory.resolve("kas.sock");
        try (GrpcListener first = listener(new ListenAddress(Network.UNIX, path.toString()))) {
            first.start();
            assertThat(first.bound().address()).isEqualTo(path.toString());
            assertThat(first.bound().network()).isEqualTo("unix");
            assertThat(path).exists();
        }
        assertThat(path).doesNotExist();
        Files.createFile(path);
        assertThatThrownBy(() -> listener(new ListenAddress(Network.UNIX, path.toString())).start())
                .hasMessage("listen unix " + path + ": bind: address already in use");
        assertThat(path).exists();
    }
}
