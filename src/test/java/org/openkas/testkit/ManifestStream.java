package org.openkas.testkit;

import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.openkas.proto.gitops.GitopsGrpc;
import org.openkas.proto.gitops.ObjectsToSynchronizeRequest;
import org.openkas.proto.gitops.ObjectsToSynchronizeResponse;

/** A stream of manifests as an agent sees it; asks compressed, as stock agents do. Thread-safe. */
public final class ManifestStream implements StreamObserver<ObjectsToSynchronizeResponse> {
    private final List<ObjectsToSynchronizeResponse> responses = new CopyOnWriteArrayList<>();
    private final CompletableFuture<Status> end = new CompletableFuture<>();

    private ManifestStream() {
    }

    /** Asks with an agent's token. */
    public static ManifestStream open(Channel channel, String token, ObjectsToSynchronizeRequest request) {
        ManifestStream stream = new ManifestStream();
        GitopsGrpc.newStub(channel).withCallCredentials(ConfiguredAgent.bearer(token)).withCompression("gzip")
                .getObjectsToSynchronize(request, stream);
        return stream;
    }

    /** What has arrived so far. */
    public List<ObjectsToSynchronizeResponse> responses() {
        return responses;
    }

    /** How the stream ended; waits for it. */
    public Status end() throws Exception {
        return end.get(5, TimeUnit.MINUTES);
    }

    /** Whether the stream has ended. */
    public boolean ended() {
        return end.isDone();
    }

    /** Everything that arrived and how it ended, in one text; waits for the end. */
    public String whole() throws Exception {
        Status status = end();
        StringBuilder text = new StringBuilder();
        responses.forEach(response -> text.append(response.toByteString().hashCode()).append(' ').append(brief(response)).append('\n'));
        return text.append(status.getCode()).append(' ').append(status.getDescription()).toString();
    }

    /** A message in a few words. */
    public static String brief(ObjectsToSynchronizeResponse response) {
        return switch (response.getMessageCase()) {
            case HEADER -> "header " + response.getHeader().getCommitId() + " " + response.getHeader().getProjectId();
            case OBJECT -> response.getObject().getSource() + " " + response.getObject().getData().size();
            case TRAILER -> "trailer";
            case MESSAGE_NOT_SET -> "nothing";
        };
    }

    @Override
    public void onNext(ObjectsToSynchronizeResponse response) {
        responses.add(response);
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
