package org.openkas.agentconfiguration;

import com.fasterxml.jackson.databind.JsonNode;
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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import org.openkas.cluster.AgentTracker;
import org.openkas.cluster.TrackerException;
import org.openkas.common.AgentToken;
import org.openkas.common.AgentType;
import org.openkas.common.Log;
import org.openkas.gitlab.AgentIdentification;
import org.openkas.gitlab.AgentInfo;
import org.openkas.gitlab.GitLabException;
import org.openkas.grpc.CallContext;
import org.openkas.proto.agentconfiguration.AgentConfigurationGrpc;
import org.openkas.proto.agentconfiguration.ConfigurationRequest;
import org.openkas.proto.agentconfiguration.ConfigurationResponse;
import org.openkas.proto.agenttracker.ConnectedAgentInfo;
import org.openkas.proto.entity.GitalyInfo;
import org.openkas.proto.entity.GitalyRepository;
import org.openkas.repository.RefWatches;
import org.openkas.repository.Repository;
import org.openkas.repository.RepositoryException;
import org.openkas.repository.Resolution;
import org.openkas.testkit.FakeTimers;
import org.openkas.testkit.ManualAge;
import org.openkas.testkit.RecordedLog;
import org.openkas.testkit.ToldPushes;
import org.openkas.testkit.ToldWatches;

/** The service on an in-process server, among doubles of everything that it uses. */
final class ConfigurationBench implements AutoCloseable {
    static final String PATH = "group/project";
    static final String FILE = ".gitlab/agents/my-agent/config.yaml";

    final FakeTimers timers = new FakeTimers();
    final RecordedLog log = new RecordedLog();
    final ManualAge age = new ManualAge();
    final ToldWatches watches = new ToldWatches();
    final ToldPushes pushes = new ToldPushes();
    final Tracker tracker = new Tracker();
    final List<String> reports = new CopyOnWriteArrayList<>();
    final List<String> fetches = new CopyOnWriteArrayList<>();
    final Map<String, String> files = new HashMap<>();
    AgentToken token = AgentToken.ofAgentk("secret-token");
    volatile AgentIdentification agents = (_, _) -> agent("main");
    volatile ConfigurationFiles reader = this::read;
    volatile Optional<GitLabException> reportFailure = Optional.empty();
    volatile Runnable reporting = () -> {
    };
    String externalUrl = "https://gitlab.example.com";
    Executor executor = Runnable::run;
    /** What the service watches with: {@link #watches}, unless a test brings its own. */
    RefWatches refWatches = watches;

    private final List<Runnable> open = new ArrayList<>();
    private Optional<ManagedChannel> channel = Optional.empty();

    static AgentInfo agent(String branch) {
        return agent(branch, PATH);
    }

    static AgentInfo agent(String branch, String path) {
        return new AgentInfo(AgentType.AGENTK, 42, "my-agent", 7, GitalyInfo.newBuilder().setAddress("tcp://gitaly").build(),
                GitalyRepository.newBuilder().setRelativePath(path + ".git").setGlProjectPath(path).build(), branch);
    }

    static RepositoryException failure(RepositoryException.Code code, String message) {
        return new RepositoryException(code, message, null);
    }

    private ByteString read(Repository repository, String commit, String path, long maximumSize) throws RepositoryException {
        fetches.add(commit + " " + path + " " + maximumSize);
        String content = files.get(commit);
        if (content == null) {
            throw failure(RepositoryException.Code.NOT_FOUND, "NotFound: TreeEntry: file/directory/ref not found: " + path);
        }
        return ByteString.copyFromUtf8(content);
    }

    private void report(long agentId, String commit, JsonNode file) throws GitLabException {
        reporting.run();
        reports.add(agentId + " " + commit + " " + file);
        if (reportFailure.isPresent()) {
            throw reportFailure.get();
        }
    }

    ManagedChannel channel() {
        return channel.orElseGet(this::serve);
    }

    private ManagedChannel serve() {
        String name = InProcessServerBuilder.generateName();
        AgentConfigurationService service = new AgentConfigurationService(
                new ConfigurationSettings(Duration.ofMinutes(5), 131072, externalUrl), (t, l) -> agents.identify(t, l), refWatches,
                (repository, commit, path, size) -> reader.file(repository, commit, path, size), this::report, tracker, pushes, timers,
                new Random(1), executor);
        ServerInterceptor context = new ServerInterceptor() {
            @Override
            public <Q, A> ServerCall.Listener<Q> interceptCall(ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
                Context values = Context.current().withValues(CallContext.TOKEN, token, CallContext.LOG,
                        log.log().with("grpc_method", "GetConfiguration"), CallContext.AGE, age);
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

    /** An agent that has processed {@code commit} and registers elsewhere. */
    Agent agentAt(String commit) {
        return call(ConfigurationRequest.newBuilder().setCommitId(commit).setSkipRegister(true).build());
    }

    Agent call(ConfigurationRequest request) {
        Agent agent = new Agent(Integer.MAX_VALUE);
        AgentConfigurationGrpc.newStub(channel()).getConfiguration(request, agent);
        return agent;
    }

    /** An agent that does not read until asked to. */
    Agent lazyAgent() {
        Agent agent = new Agent(0);
        AgentConfigurationGrpc.newStub(channel()).getConfiguration(ConfigurationRequest.newBuilder().setSkipRegister(true).build(), agent);
        return agent;
    }

    void commit(String id, String content) {
        files.put(id, content);
        watches.tell(new Resolution.Commit(id));
    }

    @Override
    public void close() {
        open.forEach(Runnable::run);
    }

    /** The client's side of a stream. */
    static final class Agent implements ClientResponseObserver<ConfigurationRequest, ConfigurationResponse> {
        final List<ConfigurationResponse> responses = new CopyOnWriteArrayList<>();
        volatile Optional<Status> end = Optional.empty();
        private final int firstRequest;
        private ClientCallStreamObserver<ConfigurationRequest> stream;

        Agent(int firstRequest) {
            this.firstRequest = firstRequest;
        }

        @Override
        public void beforeStart(ClientCallStreamObserver<ConfigurationRequest> requests) {
            stream = requests;
            if (firstRequest == 0) {
                requests.disableAutoRequestWithInitial(0);
            }
        }

        void read(int messages) {
            stream.request(messages);
        }

        void cancel() {
            stream.cancel("gone", null);
        }

        List<String> commits() {
            return responses.stream().map(ConfigurationResponse::getCommitId).toList();
        }

        @Override
        public void onNext(ConfigurationResponse response) {
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

    static final class Tracker implements AgentTracker {
        final List<ConnectedAgentInfo> connected = new CopyOnWriteArrayList<>();
        volatile boolean broken;

        @Override
        public void register(AgentType type, ConnectedAgentInfo connection, boolean refreshed) throws TrackerException {
            mayFail();
            if (type == AgentType.AGENTK && refreshed) {
                connected.add(connection);
            }
        }

        @Override
        public void unregister(AgentType type, ConnectedAgentInfo connection) throws TrackerException {
            mayFail();
            connected.remove(connection);
        }

        private void mayFail() throws TrackerException {
            if (broken) {
                throw new TrackerException("no connection", new IOException());
            }
        }

        @Override
        public List<ConnectedAgentInfo> byAgent(long agentId) {
            return List.copyOf(connected);
        }

        @Override
        public List<ConnectedAgentInfo> byProject(long projectId) {
            return List.copyOf(connected);
        }

        @Override
        public List<ConnectedAgentInfo> all() {
            return List.copyOf(connected);
        }

        @Override
        public long connectedAgents() {
            return connected.size();
        }
    }
}
