package org.openkas.testkit;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.openkas.proto.gitlabaccess.GitlabAccessGrpc;
import org.openkas.proto.gitlabaccess.HeaderExtra;
import org.openkas.proto.grpctool.HttpRequest;
import org.openkas.proto.grpctool.HttpResponse;
import org.openkas.proto.prototool.Values;

/** A request that a module of an agent makes to GitLab, message by message. Thread-safe for what it received. */
public final class ModuleStream implements ClientResponseObserver<HttpRequest, HttpResponse> {
    private final List<HttpResponse> answers = new CopyOnWriteArrayList<>();
    private final CompletableFuture<Status> end = new CompletableFuture<>();
    private final boolean greedy;
    private ClientCallStreamObserver<HttpRequest> requests;

    private ModuleStream(boolean greedy) {
        this.greedy = greedy;
    }

    /** Begins a call; compressed as agents' calls are. */
    public static ModuleStream open(Channel channel, String token) {
        return open(channel, token, true);
    }

    /** Begins a call that takes answers only when told to. */
    public static ModuleStream slow(Channel channel, String token) {
        return open(channel, token, false);
    }

    private static ModuleStream open(Channel channel, String token, boolean greedy) {
        ModuleStream stream = new ModuleStream(greedy);
        GitlabAccessGrpc.newStub(channel).withCallCredentials(ConfiguredAgent.bearer(token)).withCompression("gzip").makeRequest(stream);
        return stream;
    }

    /** The header of a request to {@code module}; {@code headers} are names and values in turn. */
    public static HttpRequest.Header header(String module, String method, String path, Map<String, String> query, String... headers) {
        org.openkas.proto.prototool.HttpRequest.Builder request = org.openkas.proto.prototool.HttpRequest.newBuilder().setMethod(method)
                .setUrlPath(path);
        query.forEach((name, value) -> request.putQuery(name, values(value)));
        for (int i = 0; i < headers.length; i += 2) {
            request.putHeader(headers[i], values(headers[i + 1]));
        }
        return HttpRequest.Header.newBuilder().setRequest(request)
                .setExtra(Any.pack(HeaderExtra.newBuilder().setModuleName(module).build())).build();
    }

    private static Values values(String value) {
        return Values.newBuilder().addValue(value).build();
    }

    public ModuleStream header(HttpRequest.Header header) {
        requests.onNext(HttpRequest.newBuilder().setHeader(header).build());
        return this;
    }

    public ModuleStream data(byte[] bytes) {
        requests.onNext(HttpRequest.newBuilder().setData(HttpRequest.Data.newBuilder().setData(ByteString.copyFrom(bytes))).build());
        return this;
    }

    public ModuleStream data(String text) {
        return data(ByteString.copyFromUtf8(text).toByteArray());
    }

    public ModuleStream trailer() {
        return message(HttpRequest.newBuilder().setTrailer(HttpRequest.Trailer.getDefaultInstance()).build());
    }

    public ModuleStream message(HttpRequest message) {
        requests.onNext(message);
        return this;
    }

    public ModuleStream halfClose() {
        requests.onCompleted();
        return this;
    }

    public void cancel() {
        requests.cancel("the module gave up", null);
    }

    /** Takes this many more messages. */
    public void take(int messages) {
        requests.request(messages);
    }

    /** Whether another message would be sent at once. */
    public boolean ready() {
        return requests.isReady();
    }

    public List<HttpResponse> answers() {
        return List.copyOf(answers);
    }

    public HttpResponse.Header answerHeader() {
        return answers.getFirst().getHeader();
    }

    /** The values of one header of the answer. */
    public List<String> answerHeader(String name) {
        return answerHeader().getResponse().getHeaderOrDefault(name, Values.getDefaultInstance()).getValueList();
    }

    /** What has come of the body. */
    public byte[] body() {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        for (HttpResponse answer : answers) {
            try {
                answer.getData().getData().writeTo(body);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return body.toByteArray();
    }

    /** How the call ended. */
    public CompletableFuture<Status> end() {
        return end;
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<HttpRequest> stream) {
        requests = stream;
        if (!greedy) {
            stream.disableAutoRequestWithInitial(0);
        }
    }

    @Override
    public void onNext(HttpResponse answer) {
        answers.add(answer);
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
