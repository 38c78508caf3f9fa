package org.openkas.testkit;

import com.google.protobuf.ByteString;
import com.google.protobuf.BytesValue;
import io.grpc.BindableService;
import io.grpc.MethodDescriptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.openkas.common.AgentToken;
import org.openkas.common.Timers;
import org.openkas.grpc.CallAge;
import org.openkas.grpc.CallContext;
import org.openkas.proto.agentconfiguration.AgentConfigurationGrpc;
import org.openkas.proto.agentconfiguration.ConfigurationRequest;
import org.openkas.proto.agentconfiguration.ConfigurationResponse;
import org.openkas.proto.agentregistrar.AgentRegistrarGrpc;
import org.openkas.proto.agentregistrar.RegisterRequest;
import org.openkas.proto.agentregistrar.RegisterResponse;

/** The smallest services that behave like the real ones towards the transport. */
public final class AgentServices {
    private static final String TUNNEL = "gitlab.agent.reverse_tunnel.rpc.ReverseTunnel";
    private static final MethodDescriptor.Marshaller<BytesValue> BYTES = ProtoUtils.marshaller(BytesValue.getDefaultInstance());

    /** A bidirectional call that sends every message back and ends when the caller does; it ignores its age. */
    public static final MethodDescriptor<BytesValue, BytesValue> CONNECT = method(MethodDescriptor.MethodType.BIDI_STREAMING, TUNNEL,
            "Connect");
    /** Sends without end, as fast as flow control allows. */
    public static final MethodDescriptor<BytesValue, BytesValue> DOWNLOAD = method(MethodDescriptor.MethodType.SERVER_STREAMING,
            "test.Bulk", "Download");
    /** Sends one message back. */
    public static final MethodDescriptor<BytesValue, BytesValue> ECHO = method(MethodDescriptor.MethodType.UNARY, "test.Bulk", "Echo");

    /** Sends a message back that is larger than agents receive. */
    public static final MethodDescriptor<BytesValue, BytesValue> INFLATE = method(MethodDescriptor.MethodType.UNARY, "test.Bulk",
            "Inflate");

    private final List<AgentToken> tokens = new CopyOnWriteArrayList<>();
    private final AtomicInteger waiting = new AtomicInteger();
    private final AtomicInteger tunnels = new AtomicInteger();

    /** Tokens of the calls that reached Register, in order. */
    public List<AgentToken> tokens() {
        return tokens;
    }

    /** How many GetConfiguration calls wait. */
    public int waiting() {
        return waiting.get();
    }

    /** How many Connect calls are open. */
    public int tunnels() {
        return tunnels.get();
    }

    public List<BindableService> all() {
        return List.of(new Registrar(), new Configuration(), this::tunnel, AgentServices::bulk);
    }

    private final class Registrar extends AgentRegistrarGrpc.AgentRegistrarImplBase {
        @Override
        public void register(RegisterRequest request, StreamObserver<RegisterResponse> responses) {
            tokens.add(CallContext.TOKEN.get());
            responses.onNext(RegisterResponse.getDefaultInstance());
            responses.onCompleted();
        }
    }

    /** Waits until the age of the call ends. */
    private final class Configuration extends AgentConfigurationGrpc.AgentConfigurationImplBase {
        @Override
        public void getConfiguration(ConfigurationRequest request, StreamObserver<ConfigurationResponse> responses) {
            CallAge age = CallContext.AGE.get();
            waiting.incrementAndGet();
            Timers.Cancellable wait = age.whenEnded(() -> {
                waiting.decrementAndGet();
                responses.onCompleted();
            });
            ((ServerCallStreamObserver<ConfigurationResponse>) responses).setOnCancelHandler(() -> {
                waiting.decrementAndGet();
                wait.cancel();
            });
        }
    }

    private ServerServiceDefinition tunnel() {
        return ServerServiceDefinition.builder(TUNNEL).addMethod(CONNECT, ServerCalls.asyncBidiStreamingCall(responses -> {
            tunnels.incrementAndGet();
            return new StreamObserver<>() {
                @Override
                public void onNext(BytesValue message) {
                    responses.onNext(message);
                }

                @Override
                public void onError(Throwable failure) {
                    tunnels.decrementAndGet();
                }

                @Override
                public void onCompleted() {
                    tunnels.decrementAndGet();
                    responses.onCompleted();
                }
            };
        })).build();
    }

    private static ServerServiceDefinition bulk() {
        BytesValue chunk = BytesValue.of(ByteString.copyFrom(new byte[16 << 10]));
        return ServerServiceDefinition.builder("test.Bulk")
                .addMethod(DOWNLOAD, ServerCalls.asyncServerStreamingCall((request, responses) -> {
                    var call = (ServerCallStreamObserver<BytesValue>) responses;
                    call.setOnCancelHandler(() -> {
                    });
                    call.setOnReadyHandler(() -> {
                        while (call.isReady() && !call.isCancelled()) {
                            call.onNext(chunk);
                        }
                    });
                })).addMethod(INFLATE, ServerCalls.asyncUnaryCall((request, responses) -> {
                    responses.onNext(BytesValue.of(ByteString.copyFrom(new byte[4 << 20])));
                    responses.onCompleted();
                })).addMethod(ECHO, ServerCalls.asyncUnaryCall((request, responses) -> {
                    responses.onNext(request);
                    responses.onCompleted();
                })).build();
    }

    private static MethodDescriptor<BytesValue, BytesValue> method(MethodDescriptor.MethodType type, String service, String name) {
        return MethodDescriptor.<BytesValue, BytesValue>newBuilder().setType(type).setFullMethodName(service + "/" + name)
                .setRequestMarshaller(BYTES)
                .setResponseMarshaller(BYTES).build();
    }
}
