package org.openkas.configurationproject;

import io.grpc.Context;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.openkas.common.Log;
import org.openkas.grpc.CallContext;
import org.openkas.proto.configurationproject.AgentConfigFile;
import org.openkas.proto.configurationproject.ConfigurationProjectGrpc;
import org.openkas.proto.configurationproject.ListAgentConfigFilesRequest;
import org.openkas.proto.configurationproject.ListAgentConfigFilesResponse;
import org.openkas.repository.Repository;
import org.openkas.repository.RepositoryException;
import org.openkas.repository.RepositoryReader;

/**
 * Lists the agents that a project has configuration files for (chapter 06 §7.2). Requests were validated before they get
 * here. Each call reads the repository on a thread of its own, interrupted when the caller goes away. Thread-safe.
 */
public final class ConfigurationProjectService extends ConfigurationProjectGrpc.ConfigurationProjectImplBase {
    private static final String DIRECTORY = ".gitlab/agents";
    private static final Pattern FILE = Pattern.compile("\\.gitlab/agents/([a-z0-9](?:[-a-z0-9]*[a-z0-9])?)/config\\.yaml");
    private static final String BRANCHES = "refs/heads/";

    private final RepositoryReader reader;
    private final ExecutorService executor;

    /** Reads with {@code reader} on threads of {@code executor}, which may block. */
    public ConfigurationProjectService(RepositoryReader reader, ExecutorService executor) {
        this.reader = reader;
        this.executor = executor;
    }

    @Override
    public void listAgentConfigFiles(ListAgentConfigFilesRequest request, StreamObserver<ListAgentConfigFilesResponse> out) {
        Log log = CallContext.LOG.get();
        Future<?> work = executor.submit(Context.current().wrap(() -> answer(request, log, out)));
        if (out instanceof ServerCallStreamObserver<ListAgentConfigFilesResponse> observer) {
            observer.setOnCancelHandler(() -> work.cancel(true));
        }
    }

    private void answer(ListAgentConfigFilesRequest request, Log log, StreamObserver<ListAgentConfigFilesResponse> out) {
        ListAgentConfigFilesResponse.Builder files = ListAgentConfigFilesResponse.newBuilder();
        try {
            reader.walk(new Repository(request.getGitalyInfo(), request.getRepository()), revision(request.getDefaultBranch()), DIRECTORY,
                    true,
                    blob -> {
                        Matcher matcher = FILE.matcher(blob.path());
                        if (matcher.matches()) {
                            files.addConfigFiles(AgentConfigFile.newBuilder().setName(blob.path()).setAgentName(matcher.group(1)));
                        }
                        return true;
                    });
        } catch (InterruptedException e) {
            out.onError(Status.CANCELLED.withDescription("PathFetcher: interrupted").asRuntimeException());
            return;
        } catch (RepositoryException e) {
            if (e.code() != RepositoryException.Code.NOT_FOUND) {
                report(request, log, e);
                out.onError(status(e).withDescription("PathFetcher: " + e.getMessage()).asRuntimeException());
                return;
            }
            files.clear();
        } catch (RuntimeException e) {
            out.onError(Status.UNKNOWN.withDescription("PathFetcher: " + e).withCause(e).asRuntimeException());
            return;
        }
        out.onNext(files.build());
        out.onCompleted();
    }

    private static String revision(String branch) {
        if (branch.isEmpty()) {
            return RepositoryReader.HEAD;
        }
        return branch.startsWith(BRANCHES) ? branch : BRANCHES + branch;
    }

    private static Status status(RepositoryException failure) {
        return failure.code() == RepositoryException.Code.INVALID_ARGUMENT ? Status.INVALID_ARGUMENT : Status.UNAVAILABLE;
    }

    private static void report(ListAgentConfigFilesRequest request, Log log, RepositoryException failure) {
        Status.Code cause = Status.fromThrowable(failure).getCode();
        if (cause == Status.Code.CANCELLED || cause == Status.Code.DEADLINE_EXCEEDED) {
            return;
        }
        // before there is a connection the reference does not say which project it is for
        Log with = failure.code() == RepositoryException.Code.UNKNOWN
                ? log
                : log.with("project_id", request.getRepository().getGlProjectPath());
        with.withError(failure).error("PathFetcher");
    }
}
