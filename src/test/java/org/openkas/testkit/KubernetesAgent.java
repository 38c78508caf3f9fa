package org.openkas.testkit;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.openkas.proto.grpctool.HttpRequest;
import org.openkas.proto.grpctool.HttpResponse;
import org.openkas.proto.kubernetesapi.KubernetesApiGrpc;
import org.openkas.proto.prototool.Values;

/**
 * The agent's end of Kubernetes API requests: records what comes, and does what the test says with each call. Calls that the
 * script does not answer stay open.
 */
public final class KubernetesAgent extends KubernetesApiGrpc.KubernetesApiImplBase {
    private final LinkedBlockingQueue<Call> calls = new LinkedBlockingQueue<>();
    private volatile Consumer<Call> onHeader = call -> {
    };
    private volatile Consumer<Call> onRequestEnd = call -> {
    };

    /** One request. */
    public static final class Call {
        public final List<HttpRequest> messages = new CopyOnWriteArrayList<>();
        public final LinkedBlockingQueue<ByteString> upgraded = new LinkedBlockingQueue<>();
        public final AtomicInteger halfClosed = new AtomicInteger();
        public final AtomicInteger cancelled = new AtomicInteger();
        private final ServerCallStreamObserver<HttpResponse> out;

        private Call(ServerCallStreamObserver<HttpResponse> out) {
            this.out = out;
        }

        public HttpRequest.Header header() {
            return messages.getFirst().getHeader();
        }

        public String headerValue(String name) {
            Values values = header().getRequest().getHeaderOrDefault(name, Values.getDefaultInstance());
            return String.join("|", values.getValueList());
        }

        public ByteString body() {
            return messages.stream().filter(HttpRequest::hasData).map(message -> message.getData().getData()).reduce(ByteString.EMPTY,
                    ByteString::concat);
        }

        /** Status and headers, {@code name, value, name, value}. */
        public Call head(int status, String... headers) {
            var response = org.openkas.proto.prototool.HttpResponse.newBuilder().setStatusCode(status).setStatus(status + " X");
            for (int i = 0; i < headers.length; i += 2) {
                Values before = response.getHeaderOrDefault(headers[i], Values.getDefaultInstance());
                response.putHeader(headers[i], before.toBuilder().addValue(headers[i + 1]).build());
            }
            return send(HttpResponse.newBuilder().setHeader(HttpResponse.Header.newBuilder().setResponse(response)).build());
        }

        public Call data(String text) {
            return data(ByteString.copyFromUtf8(text));
        }

        public Call data(ByteString bytes) {
            return send(HttpResponse.newBuilder().setData(HttpResponse.Data.newBuilder().setData(bytes)).build());
        }

        public Call trailer() {
            return send(HttpResponse.newBuilder().setTrailer(HttpResponse.Trailer.getDefaultInstance()).build());
        }

        public Call upgradeData(ByteString bytes) {
            return send(HttpResponse.newBuilder().setUpgradeData(HttpResponse.UpgradeData.newBuilder().setData(bytes)).build());
        }

        public synchronized Call send(HttpResponse message) {
            out.onNext(message);
            return this;
        }

        public boolean ready() {
            return out.isReady();
        }

        /**
         * Sends as much as the other side lets come, until it has let nothing come for half a second.
         *
         * @return how many messages that were; {@code most} if there is no limit
         */
        public int flood(HttpResponse message, int most) throws InterruptedException {
            int sent = 0;
            long quietSince = System.nanoTime();
            while (sent < most && cancelled.get() == 0 && System.nanoTime() - quietSince < 500_000_000L) {
                if (ready()) {
                    send(message);
                    sent++;
                    quietSince = System.nanoTime();
                } else {
                    Thread.onSpinWait();
                    Thread.yield();
                }
            }
            return sent;
        }

        public void complete() {
            out.onCompleted();
        }

        public void fail(Status status) {
            out.onError(status.asRuntimeException());
        }

        /** A whole answer. */
        public void answer(int status, String body, String... headers) {
            head(status, headers);
            if (!body.isEmpty()) {
                data(body);
            }
            trailer().complete();
        }
    }

    /** What to do when a request's header has come. */
    public KubernetesAgent atHeader(Consumer<Call> script) {
        onHeader = script;
        return this;
    }

    /** What to do when a request is complete: at the half-close, or for upgrades at the trailer. */
    public KubernetesAgent atEnd(Consumer<Call> script) {
        onRequestEnd = script;
        return this;
    }

    /** The next call that has begun, with its header. */
    public Call next() throws InterruptedException {
        Call call = calls.poll(10, TimeUnit.SECONDS);
        if (call == null) {
            throw new AssertionError("no call reached the agent");
        }
        return call;
    }

    public int waiting() {
        return calls.size();
    }

    @Override
    public StreamObserver<HttpRequest> makeRequest(StreamObserver<HttpResponse> responses) {
        ServerCallStreamObserver<HttpResponse> out = (ServerCallStreamObserver<HttpResponse>) responses;
        Call call = new Call(out);
        out.setOnCancelHandler(call.cancelled::incrementAndGet);
        return new StreamObserver<>() {
            @Override
            public void onNext(HttpRequest message) {
                if (message.hasUpgradeData()) {
                    call.upgraded.add(message.getUpgradeData().getData());
                    return;
                }
                call.messages.add(message);
                if (message.hasHeader()) {
                    calls.add(call);
                    onHeader.accept(call);
                } else if (message.hasTrailer() && call.header().getRequest().containsHeader("Upgrade")) {
                    onRequestEnd.accept(call);
                }
            }

            @Override
            public void onError(Throwable failure) {
                // told by the cancel handler
            }

            @Override
            public void onCompleted() {
                call.halfClosed.incrementAndGet();
                if (!call.header().getRequest().containsHeader("Upgrade")) {
                    onRequestEnd.accept(call);
                }
            }
        };
    }
}
