package org.openkas.gitlabaccess;

import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.Optional;
import java.util.concurrent.Executor;
import org.openkas.common.AgentToken;
import org.openkas.common.AgentType;
import org.openkas.common.Timers;
import org.openkas.gitlab.ModuleRequests;
import org.openkas.grpc.CallContext;
import org.openkas.proto.gitlabaccess.GitlabAccessGrpc;
import org.openkas.proto.grpctool.HttpRequest;
import org.openkas.proto.grpctool.HttpResponse;

/**
 * GitlabAccess of the agents' API (chapter 01 §5.6). Whose token it is, GitLab finds out. Expects {@link CallContext#TOKEN}
 * and {@link CallContext#LOG} in the context of a call. Thread-safe.
 */
public final class GitlabAccessService extends GitlabAccessGrpc.GitlabAccessImplBase {
    private static final Status NO_GITLAB = Status.FAILED_PRECONDITION
            .withDescription("gRPC -> HTTP: this server runs without GitLab (standalone)");

    private final Optional<ModuleCall.Parts> parts;

    /**
     * Brings requests to GitLab.
     *
     * @param gitLab empty where there is none: then each call ends with {@code FAILED_PRECONDITION}
     * @param executor starts each task without waiting for others, on threads that may block: virtual ones
     */
    public GitlabAccessService(Optional<ModuleRequests> gitLab, BodyStore bodies, Timers timers, Executor executor) {
        parts = gitLab.map(requests -> new ModuleCall.Parts(requests, bodies, timers, executor));
    }

    @Override
    public StreamObserver<HttpRequest> makeRequest(StreamObserver<HttpResponse> observer) {
        AgentToken token = CallContext.TOKEN.get();
        // tokens of other kinds of agents are never presented as those of agentk
        if (token == null || token.type() != AgentType.AGENTK) {
            return refuse(observer, Status.UNAUTHENTICATED.withDescription("unauthenticated"));
        }
        if (parts.isEmpty()) {
            return refuse(observer, NO_GITLAB);
        }
        ServerCallStreamObserver<HttpResponse> call = (ServerCallStreamObserver<HttpResponse>) observer;
        call.disableAutoRequest();
        ModuleCall moduleCall = new ModuleCall(parts.get(), token, call, CallContext.LOG.get());
        moduleCall.start();
        return moduleCall;
    }

    private static StreamObserver<HttpRequest> refuse(StreamObserver<HttpResponse> observer, Status status) {
        observer.onError(status.asException());
        return new StreamObserver<>() {
            @Override
            public void onNext(HttpRequest message) {
                // the call is over
            }

            @Override
            public void onError(Throwable failure) {
                // the call is over
            }

            @Override
            public void onCompleted() {
                // the call is over
            }
        };
    }
}
