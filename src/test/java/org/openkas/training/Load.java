package org.openkas.training;

import io.grpc.ManagedChannel;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.openkas.proto.agentregistrar.AgentRegistrarGrpc;
import org.openkas.proto.agentregistrar.RegisterRequest;
import org.openkas.testkit.ConfiguredAgent;
import org.openkas.testkit.RunningDistribution;
import org.openkas.testkit.Surroundings;

/** A few seconds of everything that a server does all day. It throws {@link IOException} when the server does not do it. */
final class Load {
    private static final int PROBES = 30;
    private static final int AGENTS = 60;
    private static final int REGISTRATIONS = 1_000;
    private static final int LIMIT_SECONDS = 60;

    private final Surroundings surroundings;

    Load(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    void run(RunningDistribution server) throws IOException, InterruptedException {
        probe(server);
        for (String transport : List.of("http", "grpc", "ws")) {
            connect(transport);
            register(transport);
            new Requests(surroundings).run(transport);
        }
        probe(server);
    }

    /** What a supervisor, a load balancer and a collector of metrics ask. */
    private void probe(RunningDistribution server) throws InterruptedException {
        URI probes = URI.create("http://127.0.0.1:" + surroundings.probesPort());
        URI health = URI.create("http://localhost:" + surroundings.httpPort() + "/health");
        for (int i = 0; i < PROBES; i++) {
            for (URI address : List.of(probes.resolve("/liveness"), probes.resolve("/readiness"), probes.resolve("/metrics"), health)) {
                server.await(address, 200);
            }
        }
    }

    /** Agents that come, take their configuration, wait for more, and go. */
    private void connect(String transport) throws IOException, InterruptedException {
        List<ConfiguredAgent> agents = new ArrayList<>();
        try {
            for (int i = 0; i < AGENTS; i++) {
                ConfiguredAgent agent = new ConfiguredAgent(transport, surroundings.port(transport), Surroundings.token(0), 2);
                agents.add(agent);
                agent.configured().get(LIMIT_SECONDS, TimeUnit.SECONDS);
            }
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException("an agent over " + transport + " got no configuration", e);
        } finally {
            agents.forEach(ConfiguredAgent::close);
        }
    }

    /** What agents say every few minutes. */
    private void register(String transport) {
        ManagedChannel channel = ConfiguredAgent.channel(transport, surroundings.port(transport));
        try {
            AgentRegistrarGrpc.AgentRegistrarBlockingStub server = AgentRegistrarGrpc.newBlockingStub(channel)
                    .withCallCredentials(ConfiguredAgent.bearer(Surroundings.token(0)));
            for (int i = 0; i < REGISTRATIONS; i++) {
                var _ = server.register(RegisterRequest.newBuilder().setPodId(i % AGENTS).build());
            }
        } finally {
            channel.shutdownNow();
        }
    }
}
