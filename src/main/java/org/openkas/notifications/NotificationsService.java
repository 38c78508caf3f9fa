package org.openkas.notifications;

import io.grpc.BindableService;
import io.grpc.Context;
import io.grpc.MethodDescriptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.Status;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import org.openkas.cluster.GitPushEvents;
import org.openkas.cluster.GitPushEvents.PublishException;
import org.openkas.grpc.CallContext;
import org.openkas.proto.notifications.GitPushEventRequest;
import org.openkas.proto.notifications.GitPushEventResponse;
import org.openkas.proto.notifications.NotificationsGrpc;

/**
 * {@code gitlab.agent.notifications.rpc.Notifications}: hands pushes on to every server (chapter 06 §7.3). Understands the
 * request of GitLab 15.11 to 16.1 as well as today's. Thread-safe; a call lasts as long as publishing does.
 */
public final class NotificationsService implements BindableService {
    private static final String FAILED = "Failed to publish received git push event";

    private final GitPushEvents events;

    /** Publishes through {@code events}. */
    public NotificationsService(GitPushEvents events) {
        this.events = events;
    }

    @Override
    public ServerServiceDefinition bindService() {
        MethodDescriptor<GitPushEventRequest, GitPushEventResponse> generated = NotificationsGrpc.getGitPushEventMethod();
        MethodDescriptor<GitPushEventRequest, GitPushEventResponse> method = generated
                .toBuilder(new EitherPushRequest(generated.getRequestMarshaller()), generated.getResponseMarshaller()).build();
        ServiceDescriptor service = ServiceDescriptor.newBuilder(NotificationsGrpc.SERVICE_NAME).addMethod(method).build();
        return ServerServiceDefinition.builder(service).addMethod(method, ServerCalls.asyncUnaryCall(this::gitPushEvent)).build();
    }

    private void gitPushEvent(GitPushEventRequest request, StreamObserver<GitPushEventResponse> response) {
        try {
            events.publish(request.getEvent());
        } catch (PublishException e) {
            // a caller that has gone away is no fault
            if (!Context.current().isCancelled()) {
                CallContext.LOG.get().withError(e).error(FAILED);
            }
            response.onError(Status.UNAVAILABLE.withDescription(FAILED + ": " + e.getMessage()).asRuntimeException());
            return;
        }
        response.onNext(GitPushEventResponse.getDefaultInstance());
        response.onCompleted();
    }
}
