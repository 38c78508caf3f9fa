package org.openkas.gitaly;

import com.google.protobuf.ByteString;
import io.grpc.ClientInterceptor;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.openkas.common.BuildInfo;
import org.openkas.common.Timers;
import org.openkas.proto.entity.GitalyRepository;
import org.openkas.proto.gitaly.CommitServiceGrpc;
import org.openkas.proto.gitaly.GetTreeEntriesRequest;
import org.openkas.proto.gitaly.GetTreeEntriesResponse;
import org.openkas.proto.gitaly.InfoRefsRequest;
import org.openkas.proto.gitaly.InfoRefsResponse;
import org.openkas.proto.gitaly.SmartHTTPServiceGrpc;
import org.openkas.proto.gitaly.TreeEntry;
import org.openkas.proto.gitaly.TreeEntryRequest;
import org.openkas.proto.gitaly.TreeEntryResponse;
import org.openkas.repository.Repository;
import org.openkas.repository.RepositoryException;
import org.openkas.repository.RepositoryReader;
import org.openkas.repository.Resolution;
import org.openkas.repository.TreeBlob;

/**
 * Reads repositories from Gitaly (chapter 02 §5). Channels and rate limits are shared by all callers. A call is cancelled
 * when its caller stops early, is interrupted, or its {@link io.grpc.Context} ends; that context's deadline also bounds the
 * wait at the rate limits. Thread-safe.
 */
public final class GitalyRepositoryReader implements RepositoryReader, AutoCloseable {
    private static final String REFS = "InfoRefsUploadPack";
    private static final String ENTRY = "TreeEntry";
    private static final String ENTRIES = "GetTreeEntries";

    private final Timers timers;
    private final RateLimiter globalLimiter;
    private final ChannelFactory channels;
    private final GitalyServers servers;

    /**
     * A reader as in production.
     *
     * @param environment names the certificate authorities of {@code tls} addresses: {@code SSL_CERT_FILE}, {@code SSL_CERT_DIR}
     * @param interceptors see every call, the first one outermost
     */
    public GitalyRepositoryReader(RateLimits limits, BuildInfo build, Timers timers, RandomGenerator random,
            Map<String, String> environment,
            List<ClientInterceptor> interceptors, RateLimitObserver observer) {
        this(limits, ChannelSettings.standard(build, interceptors), timers, observer,
                new ChannelFactory(ChannelSettings.standard(build, interceptors), new SystemTrust(environment), HostLookup.SYSTEM, timers,
                        random));
    }

    GitalyRepositoryReader(RateLimits limits, ChannelSettings settings, Timers timers, RateLimitObserver observer,
            ChannelFactory channels) {
        this.timers = timers;
        this.channels = channels;
        globalLimiter = new RateLimiter("gitaly_client_global", limits.globalRefillPerSecond(), limits.globalBucketSize(), timers,
                observer);
        servers = new GitalyServers(new GitalyServers.Factory() {
            @Override
            public ManagedChannel channel(String address) throws RepositoryException {
                return channels.channel(GitalyAddress.parse(address));
            }

            @Override
            public RateLimiter limiter(String address) {
                return new RateLimiter("gitaly_client_" + address, limits.serverRefillPerSecond(), limits.serverBucketSize(), timers,
                        observer);
            }
        }, settings.unusedFor(), timers);
    }

    @Override
    public Resolution resolve(Repository repository, String ref) throws RepositoryException, InterruptedException {
        InfoRefsRequest request = InfoRefsRequest.newBuilder().setRepository(message(repository.repository())).build();
        RefSearch search = new RefSearch(ref);
        RefAdvertisement advertisement = new RefAdvertisement(search);
        stream(repository, SmartHTTPServiceGrpc.getInfoRefsUploadPackMethod(), request, new Consumer<InfoRefsResponse>() {
            @Override
            public boolean accept(InfoRefsResponse message) throws RepositoryException {
                return !advertisement.take(message.getData());
            }

            @Override
            public void end() throws RepositoryException {
                advertisement.end();
            }

            @Override
            public RepositoryException failure(boolean reachedServer, Throwable status) {
                return RepositoryException.rpcFailed(reachedServer ? REFS + ".Recv" : REFS, "", status);
            }
        });
        return search.resolution();
    }

    @Override
    public void read(Repository repository, String revision, String path, long maximumSize, Chunks chunks)
            throws RepositoryException, InterruptedException {
        TreeEntryRequest request = TreeEntryRequest.newBuilder().setRepository(message(repository.repository()))
                .setRevision(ByteString.copyFromUtf8(revision)).setPath(ByteString.copyFromUtf8(path)).setMaxSize(maximumSize).build();
        stream(repository, CommitServiceGrpc.getTreeEntryMethod(), request, new Consumer<TreeEntryResponse>() {
            private boolean first = true;

            @Override
            public boolean accept(TreeEntryResponse message) throws RepositoryException, InterruptedException {
                // later messages carry data only
                if (first && message.getType() != TreeEntryResponse.ObjectType.BLOB) {
                    throw RepositoryException.unexpectedTreeEntryType(path);
                }
                first = false;
                chunks.accept(message.getData());
                return true;
            }

            @Override
            public void end() throws RepositoryException, InterruptedException {
                if (first) {
                    chunks.accept(ByteString.EMPTY);
                }
            }

            @Override
            public RepositoryException failure(boolean reachedServer, Throwable status) {
                return switch (Status.fromThrowable(status).getCode()) {
                    case FAILED_PRECONDITION -> RepositoryException.fileTooBig(path, status);
                    case NOT_FOUND -> RepositoryException.notFound(ENTRY + ".Recv", path);
                    default -> RepositoryException.rpcFailed(reachedServer ? ENTRY + ".Recv" : ENTRY, path, status);
                };
            }
        });
    }

    @Override
    public void walk(Repository repository, String revision, String directory, boolean recursive, Visitor visitor)
            throws RepositoryException, InterruptedException {
        GetTreeEntriesRequest request = GetTreeEntriesRequest.newBuilder().setRepository(message(repository.repository()))
                .setRevision(ByteString.copyFromUtf8(revision)).setPath(ByteString.copyFromUtf8(directory)).setRecursive(recursive).build();
        stream(repository, CommitServiceGrpc.getGetTreeEntriesMethod(), request, new Consumer<GetTreeEntriesResponse>() {
            @Override
            public boolean accept(GetTreeEntriesResponse message) throws RepositoryException, InterruptedException {
                for (TreeEntry entry : message.getEntriesList()) {
                    if (entry.getType() == TreeEntry.EntryType.BLOB
                            && !visitor.visit(new TreeBlob(entry.getPath().toStringUtf8(), entry.getCommitOid(), entry.getOid()))) {
                        return false;
                    }
                }
                return true;
            }

            @Override
            public RepositoryException failure(boolean reachedServer, Throwable status) {
                String rpc = reachedServer ? ENTRIES + ".Recv" : ENTRIES;
                return switch (ListingFailure.of(status)) {
                    case NO_SUCH_PLACE -> RepositoryException.notFound(rpc, directory);
                    case BAD_ARGUMENT -> RepositoryException.invalidArgument(rpc, directory, status);
                    case OTHER -> RepositoryException.rpcFailed(rpc, directory, status);
                };
            }
        });
    }

    /** What to do with the answers of one call. */
    private interface Consumer<T> {
        /** Takes a message; returns whether to go on. */
        boolean accept(T message) throws RepositoryException, InterruptedException;

        /** All messages were taken and the call went well. */
        default void end() throws RepositoryException, InterruptedException {
        }

        /** How the failure of the call itself is told. */
        RepositoryException failure(boolean reachedServer, Throwable status);
    }

    private <Q, T> void stream(Repository repository, MethodDescriptor<Q, T> method, Q request, Consumer<T> consumer)
            throws RepositoryException, InterruptedException {
        try (GitalyServers.Lease server = servers.lease(repository.gitaly())) {
            if (!globalLimiter.acquire() || !server.limiter().acquire()) {
                throw consumer.failure(false, Status.RESOURCE_EXHAUSTED
                        .withDescription("/" + method.getFullMethodName() + " is rejected by rpclimiter middleware, please retry later")
                        .asException());
            }
            try (AnswerStream<T> answers = AnswerStream.open(server.channel(), method, CallMetadata.of(repository.gitaly(), timers.now()),
                    request)) {
                while (true) {
                    Optional<T> message;
                    try {
                        message = answers.next();
                    } catch (StatusRuntimeException e) {
                        throw consumer.failure(answers.reachedServer(), e);
                    }
                    if (message.isEmpty()) {
                        consumer.end();
                        return;
                    }
                    if (!consumer.accept(message.get())) {
                        return;
                    }
                }
            } catch (StatusException e) {
                throw consumer.failure(false, e);
            }
        }
    }

    private static org.openkas.proto.gitaly.Repository message(GitalyRepository repository) {
        return org.openkas.proto.gitaly.Repository.newBuilder().setStorageName(repository.getStorageName())
                .setRelativePath(repository.getRelativePath()).setGitObjectDirectory(repository.getGitObjectDirectory())
                .addAllGitAlternateObjectDirectories(repository.getGitAlternateObjectDirectoriesList())
                .setGlRepository(repository.getGlRepository()).setGlProjectPath(repository.getGlProjectPath()).build();
    }

    /** Ends all calls and closes all connections. */
    @Override
    public void close() {
        servers.close();
        channels.close();
    }
}
