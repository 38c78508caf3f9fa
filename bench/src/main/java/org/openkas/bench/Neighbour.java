package org.openkas.bench;

import java.util.concurrent.TimeUnit;
import org.openkas.testkit.ConfiguredAgent;
import org.openkas.testkit.Surroundings;
import org.openkas.testkit.TunnelAgent;

/** A second server of a site's cluster, for agents. */
record Neighbour(Process process, int agentPort) implements AutoCloseable {
    private static final int TUNNELS = 64;

    /** What it costs. */
    ProcessFigures figures() {
        return new ProcessFigures(process.pid());
    }

    /** The first agent, connected to it. */
    TunnelAgent agent() throws InterruptedException {
        TunnelAgent agent = new TunnelAgent(ConfiguredAgent.channel("grpc", agentPort), Surroundings.token(0), TUNNELS);
        Thread.sleep(1_000);
        return agent;
    }

    @Override
    public void close() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(120, TimeUnit.SECONDS)) {
            process.destroyForcibly();
        }
    }
}
