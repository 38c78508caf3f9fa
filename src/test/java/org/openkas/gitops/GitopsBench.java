package org.openkas.gitops;

import com.google.protobuf.ByteString;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import org.openkas.common.AgentToken;
import org.openkas.common.AgentType;
import org.openkas.gitlab.AgentIdentification;
import org.openkas.gitlab.AgentInfo;
import org.openkas.gitlab.ProjectInfo;
import org.openkas.gitlab.ProjectInfoSource;
import org.openkas.gitlab.ProjectLookup;
import org.openkas.grpc.CallContext;
import org.openkas.proto.entity.GitalyInfo;
import org.openkas.proto.entity.GitalyRepository;
import org.openkas.proto.gitops.GitopsGrpc;
import org.openkas.proto.gitops.ObjectsToSynchronizeRequest;
import org.openkas.proto.gitops.ObjectsToSynchronizeResponse;
import org.openkas.proto.gitops.PathCF;
import org.openkas.repository.Repository;
import org.openkas.repository.RepositoryException;
import org.openkas.repository.RepositoryReader;
import org.openkas.repository.Resolution;
import org.openkas.repository.TreeBlob;
import org.openkas.testkit.FakeTimers;
import org.openkas.testkit.ManualAge;
import org.openkas.testkit.RecordedLog;
import org.openkas.testkit.ToldPushes;
import org.openkas.testkit.ToldWatches;
import org.openkas.usage.MemoryUsageCounters;

/** The service on an in-process server, among doubles of everything that it uses. */
final class GitopsBench implements AutoCloseable {
    static final String PATH = "group/manifests";

    final FakeTimers timers = new FakeTimers();
    final RecordedLog log = new RecordedLog();
    final ManualAge age = new ManualAge();
    final ToldWatches watches = new ToldWatches();
    final ToldPushes pushes = new ToldPushes();
    final MemoryUsageCounters usage = new MemoryUsageCounters();
    /** Content by path; the same at all commits. */
    final Map<String, ByteString> files = new TreeMap<>();
    /** What was read and listed, in order. */
    final List<String> reads = new CopyOnWriteArrayList<>();
    final List<String> lookUps = new CopyOnWriteArrayList<>();
    AgentToken token = AgentToken.ofAgentk("secret-token");
    volatile AgentIdentification agents = (_, _) -> new AgentInfo(AgentType.AGENTK, 42, "my-agent", 7, GitalyInfo.getDefaultInstance(),
            GitalyRepository.getDefaultInstance(), "main");
    volatile ProjectInfoSource projects = (_, _) -> project("tcp://gitaly");
    volatile RepositoryReader reader = new Files();
    GitopsSettings settings = new GitopsSettings(Duration.ofMinutes(5), 5 << 20, 20 << 20, 100, 1000);
    Executor executor = Runnable::run;

    private final List<Runnable> open = new ArrayList<>();
    private Optional<ManagedChannel> channel = Optional.empty();

    static ProjectInfo project(String address) {
        return new ProjectInfo(9, GitalyInfo.newBuilder().setAddress(address).build(),
                GitalyRepository.newBuilder().setRelativePath(PATH + ".git").setGlProjectPath(PATH).build());
    }

    static RepositoryException failure(RepositoryException.Code code, String message) {
        return new RepositoryException(code, message, null);
    }

    private ManagedChannel channel() {
        return channel.orElseGet(this::serve);
    }

    private ManagedChannel serve() {
        String name = InProcessServerBuilder.generateName();
        ProjectLookup lookup = new ProjectLookup((t, project) -> {
            lookUps.add(project);
            return projects.projectInfo(t, project);
        }, "the remedy");
        GitopsService service = new GitopsService(settings, (t, l) -> agents.identify(t, l), lookup, watches, new Forwarding(), usage,
                pushes,
                timers, new Random(1), executor);
        ServerInterceptor context = new ServerInterceptor() {
            @Override
            public <Q, A> ServerCall.Listener<Q> interceptCall(ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
                Context values = Context.current().withValues(CallContext.TOKEN, token, CallContext.LOG,
                        log.log().with("grpc_method", "GetObjectsToSynchronize"), CallContext.AGE, age);
                return Contexts.interceptCall(values, call, headers, next);
            }
        };
        try {
            Server server = InProcessServerBuilder.forName(name).directExecutor().intercept(context).addService(service).build().start();
            ManagedChannel made = InProcessChannelBuilder.forName(name).directExecutor().build();
            open.add(made::shutdownNow);
            open.add(server::shutdownNow);
            open.add(service::close);
            channel = Optional.of(made);
            return made;
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    static ObjectsToSynchronizeRequest.Builder request(String... globs) {
        ObjectsToSynchronizeRequest.Builder request = ObjectsToSynchronizeRequest.newBuilder().setProjectId(PATH);
        for (String glob : globs) {
            request.addPaths(PathCF.newBuilder().setGlob(glob));
        }
        return request;
    }

    Agent call(ObjectsToSynchronizeRequest.Builder request) {
        return call(request, Integer.MAX_VALUE);
    }

    /** An agent that takes so many messages and more only when asked to. */
    Agent call(ObjectsToSynchronizeRequest.Builder request, int messages) {
        Agent agent = new Agent(messages);
        GitopsGrpc.newStub(channel()).getObjectsToSynchronize(request.build(), agent);
        return agent;
    }

    void commit(String id) {
        watches.tell(new Resolution.Commit(id));
    }

    void file(String path, String content) {
        files.put(path, ByteString.copyFromUtf8(content));
    }

    @Override
    public void close() {
        open.forEach(Runnable::run);
    }

    /** The client's side of a stream. */
    static final class Agent implements ClientResponseObserver<ObjectsToSynchronizeRequest, ObjectsToSynchronizeResponse> {
        final List<ObjectsToSynchronizeResponse> responses = new CopyOnWriteArrayList<>();
        volatile Optional<Status> end = Optional.empty();
        private final int messages;
        private ClientCallStreamObserver<ObjectsToSynchronizeRequest> stream;

        Agent(int messages) {
            this.messages = messages;
        }

        @Override
        public void beforeStart(ClientCallStreamObserver<ObjectsToSynchronizeRequest> requests) {
            stream = requests;
            if (messages < Integer.MAX_VALUE) {
                requests.disableAutoRequestWithInitial(messages);
            }
        }

        void read(int more) {
            stream.request(more);
        }

        void cancel() {
            stream.cancel("gone", null);
        }

        /** Each message in a few words. */
        List<String> story() {
            return responses.stream().map(response -> switch (response.getMessageCase()) {
                case HEADER -> "header " + response.getHeader().getCommitId() + " " + response.getHeader().getProjectId();
                case OBJECT -> response.getObject().getSource() + "=" + response.getObject().getData().toStringUtf8();
                case TRAILER -> "trailer";
                case MESSAGE_NOT_SET -> "nothing";
            }).toList();
        }

        @Override
        public void onNext(ObjectsToSynchronizeResponse response) {
            responses.add(response);
        }

        @Override
        public void onError(Throwable failure) {
            end = Optional.of(((StatusRuntimeException) failure).getStatus());
        }

        @Override
        public void onCompleted() {
            end = Optional.of(Status.OK);
        }
    }

    /** So that a test may change the reader while a server runs. */
    private final class Forwarding implements RepositoryReader {
        @Override
        public Resolution resolve(Repository repository, String ref) {
            throw new UnsupportedOperationException("refs are watched");
        }

        @Override
        public void read(Repository repository, String revision, String path, long maximumSize, Chunks chunks)
                throws RepositoryException, InterruptedException {
            reads.add("read " + revision + " " + path + " " + maximumSize);
            reader.read(repository, revision, path, maximumSize, chunks);
        }

        @Override
        public void walk(Repository repository, String revision, String directory, boolean recursive, Visitor visitor)
                throws RepositoryException, InterruptedException {
            reads.add("walk " + revision + " " + directory + " " + recursive);
            reader.walk(repository, revision, directory, recursive, visitor);
        }
    }

    /** Knows {@link #files}. */
    private final class Files implements RepositoryReader {
        @Override
        public Resolution resolve(Repository repository, String ref) {
            throw new UnsupportedOperationException("refs are watched");
        }

        @Override
        public void read(Repository repository, String revision, String path, long maximumSize, Chunks chunks)
                throws RepositoryException, InterruptedException {
            ByteString content = files.get(path);
            if (content == null) {
                throw RepositoryException.notFound("TreeEntry.Recv", path);
            }
            chunks.accept(content);
        }

        @Override
        public void walk(Repository repository, String revision, String directory, boolean recursive, Visitor visitor)
                throws RepositoryException, InterruptedException {
            String prefix = directory.equals(".") ? "" : directory + "/";
            for (String path : files.keySet()) {
                boolean below = path.startsWith(prefix) && (recursive || path.indexOf('/', prefix.length()) < 0);
                if (below && !visitor.visit(new TreeBlob(path, revision))) {
                    return;
                }
            }
        }
    }
}
