package org.openkas.serverinfo;

import io.grpc.BindableService;
import io.grpc.ServerServiceDefinition;
import io.grpc.stub.StreamObserver;
import java.util.regex.Pattern;
import org.openkas.proto.serverinfo.GetServerInfoRequest;
import org.openkas.proto.serverinfo.GetServerInfoResponse;
import org.openkas.proto.serverinfo.ServerInfo;
import org.openkas.proto.serverinfo.ServerInfoGrpc;

/**
 * {@code gitlab.agent.server_info.rpc.ServerInfo} (chapter 06 §11.3). GitLab shows the version and offers its users the
 * agent image of that release, so this is the release that the server is compatible with, not our own version (chapter
 * 07 §5.6). Thread-safe.
 */
public final class ServerInfoService implements BindableService {
    /** What GitLab's version parser takes. */
    private static final Pattern VERSION = Pattern.compile("[0-9]+\\.[0-9]+\\.[0-9]+(-[0-9A-Za-z.-]+)?");

    private final GetServerInfoResponse answer;

    /**
     * @param compatibleVersion {@code X.Y.Z}, with a suffix {@code -...} or a leading {@code v} or without
     * @throws IllegalArgumentException if it has another form
     */
    public ServerInfoService(String compatibleVersion) {
        String version = compatibleVersion.startsWith("v") ? compatibleVersion.substring(1) : compatibleVersion;
        if (!VERSION.matcher(version).matches()) {
            throw new IllegalArgumentException(
                    "compatible version \"" + compatibleVersion
                            + "\" is not of the form X.Y.Z; name a released version of GitLab's agent server");
        }
        // the git reference is the release's tag: were it a commit, GitLab would append it to the version
        answer = GetServerInfoResponse.newBuilder()
                .setCurrentServerInfo(ServerInfo.newBuilder().setVersion(version).setGitRef("v" + version)).build();
    }

    @Override
    public ServerServiceDefinition bindService() {
        return ServerInfoGrpc.bindService(new Calls());
    }

    private final class Calls implements ServerInfoGrpc.AsyncService {
        @Override
        public void getServerInfo(GetServerInfoRequest request, StreamObserver<GetServerInfoResponse> response) {
            response.onNext(answer);
            response.onCompleted();
        }
    }
}
