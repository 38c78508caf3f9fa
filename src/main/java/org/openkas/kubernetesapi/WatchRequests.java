package org.openkas.kubernetesapi;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.netty.util.concurrent.EventExecutor;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.openkas.common.Log;
import org.openkas.grpc.StatusText;
import org.openkas.kubernetesaccess.Access;
import org.openkas.proto.grpctool.HttpRequest;
import org.openkas.proto.grpctool.HttpResponse;
import org.openkas.watch.Cluster;

/**
 * The requests of a watching client to the agent's cluster: as any other of that client, with its identity and without its
 * credentials (chapter 07 §8.3). Runs on the connection's event loop.
 */
final class WatchRequests implements Cluster {
    /** For an agent to end what was read to its end. */
    private static final Duration ENDING = Duration.ofSeconds(5);
    private static final String FAILED = "HTTP->gRPC: failed to read gRPC response";

    private final Proxy proxy;
    private final EventExecutor loop;
    private final Access access;
    private final HeaderLines headers;
    private final RequestTrace trace;
    private final Log log;

    /**
     * Nothing is asked yet.
     *
     * @param headers of the request that opened the WebSocket
     * @param trace of that request, which the others are part of
     */
    WatchRequests(Proxy proxy, EventExecutor loop, Access access, HeaderLines headers, RequestTrace trace, Log log) {
        this.proxy = proxy;
        this.loop = loop;
        this.access = access;
        this.headers = AgentRequests.withoutWebSocket(headers);
        this.trace = trace;
        this.log = log;
    }

    @Override
    public Request get(String path, Map<String, List<String>> query, Events events) {
        HttpRequest header = AgentRequests.get(headers, path, query, access.identity(), proxy.via())
                .orElseThrow(() -> new IllegalArgumentException("something in the client's headers is not UTF-8"));
        UnderWay request = trace.within(() -> new UnderWay(events));
        request.call.start();
        request.call.send(header);
        request.call.send(AgentRequests.TRAILER);
        request.call.halfClose();
        return request;
    }

    private final class UnderWay implements Request, AgentCall.Events {
        private final Events events;
        private final AgentCall call;
        private final Deadline ending;
        private boolean complete;

        UnderWay(Events events) {
            this.events = events;
            call = new AgentCall(proxy.agents().apply(access.agentId()), loop, this);
            ending = new Deadline(proxy.timers(), loop);
        }

        @Override
        public void more() {
            call.request(1);
        }

        @Override
        public void cancel() {
            call.cancel();
        }

        @Override
        public void ready() {
            // all there was to send is sent
        }

        @Override
        public void header(HttpResponse.Header header) {
            int code = header.getResponse().getStatusCode();
            if (code < 200 || code > 999) {
                call.fail(Status.INVALID_ARGUMENT.withDescription("unexpected status code " + code));
            } else {
                events.status(code);
            }
        }

        @Override
        public void data(ByteString data) {
            events.body(data);
        }

        @Override
        public void trailer() {
            complete = true;
            call.request(1);
            ending.arm(ENDING, call::cancel);
            events.complete();
        }

        @Override
        public void upgradeData(ByteString data) {
            call.fail(Status.INTERNAL.withDescription("unexpected field number received: 4"));
        }

        @Override
        public void ended(Status status) {
            ending.disarm();
            if (!complete) {
                String reason = StatusText.of(status);
                log.with("error", reason).debug(FAILED);
                events.failed(Exchange.PREFIX + FAILED + ": " + reason);
            }
        }
    }
}
