package org.openkas.routing;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.openkas.proto.prototool.Values;
import org.openkas.proto.reversetunnel.AgentDescriptor;
import org.openkas.proto.reversetunnel.ConnectRequest;
import org.openkas.proto.reversetunnel.ConnectResponse;
import org.openkas.proto.reversetunnel.Descriptor;
import org.openkas.proto.reversetunnel.Header;
import org.openkas.proto.reversetunnel.Message;
import org.openkas.proto.reversetunnel.Method;
import org.openkas.proto.reversetunnel.ReverseTunnelGrpc;
import org.openkas.proto.reversetunnel.Service;
import org.openkas.proto.reversetunnel.Trailer;

/** One tunnel of an agent that says and hears exactly what a test wants. */
public final class ScriptedAgent implements ClientResponseObserver<ConnectRequest, ConnectResponse> {
    public static final String SERVICE = "gitlab.agent.kubernetes_api.rpc.KubernetesApi";

    private final BlockingQueue<ConnectResponse> heard = new LinkedBlockingQueue<>();
    public final CompletableFuture<Status> end = new CompletableFuture<>();
    private ClientCallStreamObserver<ConnectRequest> stream;

    /** A stream on which nothing has been said. */
    public static ScriptedAgent silent(Channel authorized) {
        ScriptedAgent agent = new ScriptedAgent();
        ReverseTunnelGrpc.newStub(authorized).connect(agent);
        return agent;
    }

    /** A tunnel that serves a method. */
    public static ScriptedAgent serving(Channel authorized, String service, String method) {
        ScriptedAgent agent = silent(authorized);
        agent.say(descriptor(service, method));
        return agent;
    }

    public static ScriptedAgent kubernetes(Channel authorized) {
        return serving(authorized, SERVICE, "MakeRequest");
    }

    public static ConnectRequest descriptor(String service, String method) {
        return ConnectRequest.newBuilder().setTunnelDescriptor(Descriptor.newBuilder().setAgentDescriptor(AgentDescriptor.newBuilder()
                .addServices(Service.newBuilder().setName(service).addMethods(Method.newBuilder().setName(method))))).build();
    }

    public static ConnectRequest header(Map<String, Values> meta) {
        return ConnectRequest.newBuilder().setHeader(Header.newBuilder().putAllMeta(meta)).build();
    }

    public static ConnectRequest message(com.google.protobuf.Message message) {
        return ConnectRequest.newBuilder().setMessage(Message.newBuilder().setData(message.toByteString())).build();
    }

    public static ConnectRequest trailer(Map<String, Values> meta) {
        return ConnectRequest.newBuilder().setTrailer(Trailer.newBuilder().putAllMeta(meta)).build();
    }

    public static ConnectRequest error(com.google.rpc.Status status) {
        return ConnectRequest.newBuilder().setError(org.openkas.proto.reversetunnel.Error.newBuilder().setStatus(status)).build();
    }

    public static Values values(String... values) {
        return Values.newBuilder().addAllValue(java.util.List.of(values)).build();
    }

    public void say(ConnectRequest... messages) {
        for (ConnectRequest message : messages) {
            stream.onNext(message);
        }
    }

    public void halfClose() {
        stream.onCompleted();
    }

    public void cancel() {
        stream.cancel("gone", null);
    }

    public ConnectResponse next() throws InterruptedException {
        ConnectResponse next = heard.poll(5, TimeUnit.SECONDS);
        assertThat(next).as("a message to the agent; the stream's end: %s", end).isNotNull();
        return next;
    }

    public boolean heardNothing() {
        return heard.isEmpty();
    }

    public Status end() throws Exception {
        return end.get(5, TimeUnit.SECONDS);
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<ConnectRequest> requests) {
        stream = requests;
    }

    @Override
    public void onNext(ConnectResponse message) {
        heard.add(message);
    }

    @Override
    public void onError(Throwable failure) {
        end.complete(Status.fromThrowable(failure));
    }

    @Override
    public void onCompleted() {
        end.complete(Status.OK);
    }
}
