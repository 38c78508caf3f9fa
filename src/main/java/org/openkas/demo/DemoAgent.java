package org.openkas.demo;

import io.grpc.CallCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.random.RandomGenerator;
import org.openkas.common.Backoff;
import org.openkas.common.Timers;
import org.openkas.proto.agentconfiguration.AgentConfigurationGrpc;
import org.openkas.proto.agentconfiguration.ConfigurationRequest;
import org.openkas.proto.agentconfiguration.ConfigurationResponse;
import org.openkas.proto.agentregistrar.AgentRegistrarGrpc;
import org.openkas.proto.agentregistrar.RegisterRequest;
import org.openkas.proto.agentregistrar.RegisterResponse;
import org.openkas.proto.entity.AgentMeta;
import org.openkas.proto.reversetunnel.ReverseTunnelGrpc;

/**
 * An agent that does what every agent does first: connects through the public listener, shows its token, registers,
 * waits for its configuration, and opens tunnels through which its cluster is reached. What happens to it is told to a
 * {@link Story}. Thread-safe.
 */
public final class DemoAgent implements AutoCloseable {
    private static final Duration REGISTER_AGAIN = Duration.ofMinutes(5);

    /** What becomes of the agent, in the order in which it happens. Called on the channel's threads. */
    public interface Story {
        /** The server took the token and knows the agent now. */
        void registered(String podName);

        /** A configuration arrived. */
        void configured(ConfigurationResponse configuration);

        /** The server refused something, or the connection was lost; the agent tries again. */
        void failed(String what, Status status);
    }

    private final ManagedChannel channel;
    private final AgentRegistrarGrpc.AgentRegistrarStub registrar;
    private final AgentConfigurationGrpc.AgentConfigurationStub configuration;
    private final Timers timers;
    private final Story story;
    private final AgentMeta meta;
    private final long podId;
    private final Backoff backoff;
    private final DemoTunnels tunnels;
    private volatile String lastCommit = "";
    private volatile boolean closed;

    /**
     * An agent that uses the way in at {@code server}; nothing happens before {@link #start}.
     *
     * @param cluster where it sends requests that come through its tunnels
     */
    public DemoAgent(DemoEntry server, String token, String version, ClusterAddress cluster, Timers timers, RandomGenerator random,
            Story story) {
        channel = server.channel(random).userAgent("gitlab-agent/" + version + "/demo").build();
        CallCredentials credentials = new Bearer(token);
        registrar = AgentRegistrarGrpc.newStub(channel).withCallCredentials(credentials).withCompression("gzip");
        configuration = AgentConfigurationGrpc.newStub(channel).withCallCredentials(credentials).withCompression("gzip").withWaitForReady();
        tunnels = new DemoTunnels(
                ReverseTunnelGrpc.newBlockingV2Stub(channel).withCallCredentials(credentials).withCompression("gzip").withWaitForReady(),
                new ClusterForwarding(cluster, "gitlab-agent/" + version + "/demo"), timers, random, story);
        this.timers = timers;
        this.story = story;
        meta = AgentMeta.newBuilder().setVersion(version).setCommitId("demo").setPodNamespace("openkas-demo").setPodName("demo-agent")
                .build();
        podId = random.nextLong(Long.MAX_VALUE);
        backoff = new Backoff.Policy(Duration.ofSeconds(1), Duration.ofSeconds(20), 1.6, 0.2, Duration.ofMinutes(1)).begin(timers, random);
    }

    /** Connects and stays connected until {@link #close}. */
    public void start() {
        register();
        waitForConfiguration();
        tunnels.open();
    }

    private void register() {
        if (closed) {
            return;
        }
        registrar.register(RegisterRequest.newBuilder().setAgentMeta(meta).setPodId(podId).build(),
                new Answer<RegisterResponse>("Register") {
                    @Override
                    public void onNext(RegisterResponse response) {
                        story.registered(meta.getPodName());
                    }

                    @Override
                    public void onCompleted() {
                        timers.after(REGISTER_AGAIN, DemoAgent.this::register);
                    }

                    @Override
                    void again() {
                        register();
                    }
                });
    }

    private void waitForConfiguration() {
        if (closed) {
            return;
        }
        ConfigurationRequest request = ConfigurationRequest.newBuilder().setCommitId(lastCommit).setAgentMeta(meta).setSkipRegister(true)
                .build();
        configuration.getConfiguration(request, new Answer<ConfigurationResponse>("GetConfiguration") {
            @Override
            public void onNext(ConfigurationResponse response) {
                lastCommit = response.getCommitId();
                story.configured(response);
            }

            @Override
            public void onCompleted() {
                waitForConfiguration();
            }

            @Override
            void again() {
                waitForConfiguration();
            }
        });
    }

    @Override
    public void close() {
        closed = true;
        tunnels.close();
        channel.shutdownNow();
    }

    /** One call; a failure is told and the call made again after a while. */
    private abstract class Answer<T> implements StreamObserver<T> {
        private final String method;

        Answer(String method) {
            this.method = method;
        }

        abstract void again();

        @Override
        public void onError(Throwable failure) {
            if (closed) {
                return;
            }
            story.failed(method, Status.fromThrowable(failure));
            Duration wait;
            synchronized (backoff) {
                wait = backoff.next();
            }
            timers.after(wait, this::again);
        }
    }

    private static final class Bearer extends CallCredentials {
        private static final Metadata.Key<String> AUTHORIZATION = Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
        private final String token;

        Bearer(String token) {
            this.token = token;
        }

        @Override
        public void applyRequestMetadata(RequestInfo call, Executor executor, MetadataApplier applier) {
            Metadata headers = new Metadata();
            headers.put(AUTHORIZATION, "Bearer " + token);
            applier.apply(headers);
        }
    }
}
