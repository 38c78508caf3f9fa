package org.openkas.demo;

import io.grpc.Status;
import java.io.PrintStream;
import org.openkas.proto.agentconfiguration.ConfigurationResponse;

/** Tells the demo agent's story in plain words on a terminal. Thread-safe: one line block at a time. */
public final class TerminalStory implements DemoAgent.Story {
    private final DemoWorld world;
    private final String agentListener;
    private final KubectlWay kubectl;
    private final PrintStream out;
    private boolean told;
    private boolean knowsRegistration;

    /** {@code agentListener} is host and port of the listener that the demo agent uses. */
    public TerminalStory(DemoWorld world, String agentListener, KubectlWay kubectl, PrintStream out) {
        this.world = world;
        this.agentListener = agentListener;
        this.kubectl = kubectl;
        this.out = out;
    }

    /** Which way the agent comes in. */
    public synchronized void enters(DemoEntry entry) {
        out.printf("The demo agent comes in through %s%n", switch (entry) {
            case DemoEntry.HttpPort way -> "Open Liberty's HTTP port: " + way.url();
            case DemoEntry.KasPort way -> "the agents' own port: " + way.url();
        });
        out.flush();
    }

    /** What there is before the agent comes. */
    public synchronized void begin() {
        out.printf("""
                OpenKAS demo

                The server listens for agents on %s (gRPC and WebSocket). There is no GitLab here:
                agent "%s" is named in %s and
                its configuration is in the Git repository %s.

                """, agentListener, DemoWorld.AGENT, world.agentsFile(), world.repository());
        out.flush();
    }

    @Override
    public synchronized void registered(String podName) {
        if (!knowsRegistration) {
            knowsRegistration = true;
            out.printf("The demo agent connected, showed its token and is registered as pod \"%s\".%n", podName);
            out.flush();
        }
    }

    @Override
    public synchronized void configured(ConfigurationResponse response) {
        out.printf("The demo agent %s configuration, commit %s:%n", told ? "got a new" : "received its",
                abbreviated(response.getCommitId()));
        response.getConfiguration().toString().lines().forEach(line -> out.println("    " + line));
        out.println();
        if (!told) {
            told = true;
            tellWhatToTry();
        }
        out.flush();
    }

    @Override
    public synchronized void failed(String what, Status status) {
        out.printf("The demo agent's call %s ended with %s%s; it tries again.%n", what, status.getCode(),
                status.getDescription() == null ? "" : ": " + status.getDescription());
        out.flush();
    }

    private void tellWhatToTry() {
        out.println("Try it:");
        kubectl.words(world.kubeconfig()).forEach(line -> out.println("  " + line));
        out.printf("""
                  Change the agent's configuration and watch this terminal:
                    edit %1$s
                    git -C %2$s commit -am "Change agent demo"
                  Connect a real agentk, on a machine with a kubeconfig:
                    POD_NAMESPACE=default POD_NAME=agentk agentk --kas-address=ws://%3$s --token-file=%4$s
                  See who is healthy:  curl http://localhost:9080/health
                  End the demo:        Ctrl-C

                """, world.agentConfiguration(), world.repository(), agentListener, world.tokenFile());
    }

    private static String abbreviated(String commitId) {
        return commitId.length() > 10 ? commitId.substring(0, 10) : commitId;
    }
}
