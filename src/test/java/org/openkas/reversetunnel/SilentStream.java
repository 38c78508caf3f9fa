package org.openkas.reversetunnel;

import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.openkas.proto.reversetunnel.AgentDescriptor;
import org.openkas.proto.reversetunnel.ConnectResponse;
import org.openkas.proto.reversetunnel.Method;
import org.openkas.proto.reversetunnel.Service;

/** The server's side of a stream whose agent says nothing; notes how often and how it ended. */
final class SilentStream extends ServerCallStreamObserver<ConnectResponse> {
    final AtomicInteger ends = new AtomicInteger();
    final AtomicReference<Status> end = new AtomicReference<>();

    static Tunnel tunnel(TunnelRegistry registry, AgentKey agent, String service, SilentStream stream) {
        AgentDescriptor described = AgentDescriptor.newBuilder()
                .addServices(Service.newBuilder().setName(service).addMethods(Method.newBuilder().setName("Do"))).build();
        return new Tunnel(agent, new ServedMethods(described), stream, registry);
    }

    @Override
    public void onNext(ConnectResponse message) {
        if (ends.get() > 0) {
            throw new IllegalStateException("a message after the end");
        }
    }

    @Override
    public void onError(Throwable failure) {
        end.set(Status.fromThrowable(failure));
        ends.incrementAndGet();
    }

    @Override
    public void onCompleted() {
        end.set(Status.OK);
        ends.incrementAndGet();
    }

    @Override
    public boolean isReady() {
        return true;
    }

    @Override
    public void request(int count) {
    }

    @Override
    public boolean isCancelled() {
        return false;
    }

    @Override
    public void setOnReadyHandler(Runnable handler) {
    }

    @Override
    public void setOnCancelHandler(Runnable handler) {
    }

    @Override
    public void setCompression(String compression) {
    }

    @Override
    public void disableAutoInboundFlowControl() {
    }

    @Override
    public void setMessageCompression(boolean enable) {
    }
}
