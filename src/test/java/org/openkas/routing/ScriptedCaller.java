package org.openkas.routing;

import com.google.protobuf.ByteString;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.openkas.proto.grpctool.HttpRequest;
import org.openkas.proto.grpctool.HttpResponse;
import org.openkas.proto.kubernetesapi.KubernetesApiGrpc;

/** A call of MakeRequest that notes what it is told. */
final class ScriptedCaller extends ClientCall.Listener<HttpResponse> {
    final ClientCall<HttpRequest, HttpResponse> call;
    final CompletableFuture<Metadata> headers = new CompletableFuture<>();
    final CompletableFuture<Status> end = new CompletableFuture<>();
    final CompletableFuture<Void> ready = new CompletableFuture<>();
    final List<HttpResponse> messages = new CopyOnWriteArrayList<>();
    volatile Metadata trailers = new Metadata();

    private ScriptedCaller(Channel channel, CallOptions options) {
        call = channel.newCall(KubernetesApiGrpc.getMakeRequestMethod(), options);
    }

    static ScriptedCaller begin(Channel channel, Metadata headers, CallOptions options, int asked) {
        ScriptedCaller caller = new ScriptedCaller(channel, options);
        caller.call.start(caller, headers);
        if (asked > 0) {
            caller.call.request(asked);
        }
        return caller;
    }

    static ScriptedCaller begin(Channel channel) {
        return begin(channel, new Metadata(), CallOptions.DEFAULT, 1_000);
    }

    static HttpRequest data(String text) {
        return HttpRequest.newBuilder().setData(HttpRequest.Data.newBuilder().setData(ByteString.copyFromUtf8(text))).build();
    }

    static HttpResponse answer(String text) {
        return HttpResponse.newBuilder().setData(HttpResponse.Data.newBuilder().setData(ByteString.copyFromUtf8(text))).build();
    }

    Status end() throws Exception {
        return end.get(5, TimeUnit.SECONDS);
    }

    String header(String name) throws Exception {
        return headers.get(5, TimeUnit.SECONDS).get(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER));
    }

    @Override
    public void onHeaders(Metadata told) {
        headers.complete(told);
    }

    @Override
    public void onMessage(HttpResponse message) {
        messages.add(message);
    }

    @Override
    public void onReady() {
        ready.complete(null);
    }

    @Override
    public void onClose(Status status, Metadata told) {
        trailers = told;
        end.complete(status);
    }
}
