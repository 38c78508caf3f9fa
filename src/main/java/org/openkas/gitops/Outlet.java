package org.openkas.gitops;

import com.google.protobuf.ByteString;
import io.grpc.stub.ServerCallStreamObserver;
import org.openkas.proto.gitops.ObjectsToSynchronizeResponse;

/**
 * Sends to one agent, no faster than it takes: a message waits until those before it are on their way. Messages are sent by
 * one thread; {@link #wake} may be called by any.
 */
final class Outlet {
    private static final int CHUNK = 128 * 1024;

    private final ServerCallStreamObserver<ObjectsToSynchronizeResponse> call;

    /** Made on the thread that the service was called on. */
    Outlet(ServerCallStreamObserver<ObjectsToSynchronizeResponse> call) {
        this.call = call;
        // as much on its way as a file's largest piece: small files need not wait for each other
        call.setOnReadyThreshold(CHUNK);
    }

    /** The agent may take more now. */
    synchronized void wake() {
        notifyAll();
    }

    void header(String commit, long projectId) throws InterruptedException {
        send(ObjectsToSynchronizeResponse.newBuilder()
                .setHeader(ObjectsToSynchronizeResponse.Header.newBuilder().setCommitId(commit).setProjectId(projectId)).build());
    }

    /** A piece of a file, cut up if it is too large for one message. */
    void data(String path, ByteString data) throws InterruptedException {
        int from = 0;
        do {
            int to = Math.min(data.size(), from + CHUNK);
            send(ObjectsToSynchronizeResponse.newBuilder()
                    .setObject(ObjectsToSynchronizeResponse.Object.newBuilder().setSource(path).setData(data.substring(from, to))).build());
            from = to;
        } while (from < data.size());
    }

    void trailer() throws InterruptedException {
        send(ObjectsToSynchronizeResponse.newBuilder().setTrailer(ObjectsToSynchronizeResponse.Trailer.getDefaultInstance()).build());
    }

    /** Fails with an interruption when the agent has gone. */
    private void send(ObjectsToSynchronizeResponse message) throws InterruptedException {
        synchronized (this) {
            while (!call.isReady() && !call.isCancelled()) {
                wait();
            }
        }
        if (call.isCancelled()) {
            throw new InterruptedException("the agent has gone");
        }
        call.onNext(message);
    }
}
