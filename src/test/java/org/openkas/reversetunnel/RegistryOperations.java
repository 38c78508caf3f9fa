package org.openkas.reversetunnel;

import io.grpc.Status;
import java.util.stream.IntStream;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.openkas.common.AgentType;
import org.openkas.testkit.RecordedLog;

/**
 * The registry's operations for Lincheck, on three tunnels and three requests of two agents. What an operation gives back is
 * all that it told anybody: whose request got which tunnel, which requests failed.
 */
@Param(name = "tunnel", gen = IntGen.class, conf = "0:2")
@Param(name = "request", gen = IntGen.class, conf = "0:2")
public class RegistryOperations {
    private static final ThreadLocal<StringBuilder> TOLD = ThreadLocal.withInitial(StringBuilder::new);

    private final TunnelRegistry registry = new TunnelRegistry(new RecordedLog().log());
    private final Tunnel[] tunnels = IntStream.range(0, 3)
            .mapToObj(id -> SilentStream.tunnel(registry, agent(id), "a.One", new SilentStream())).toArray(Tunnel[]::new);
    private final FindRequest[] requests = IntStream.range(0, 3)
            .mapToObj(id -> new FindRequest(agent(id), "a.One", "Do", new Asker(id))).toArray(FindRequest[]::new);

    private static AgentKey agent(int id) {
        return new AgentKey(AgentType.AGENTK, id % 2);
    }

    private final class Asker implements FindRequest.Answer {
        private final int id;

        private Asker(int id) {
            this.id = id;
        }

        @Override
        public void found(Tunnel tunnel) {
            TOLD.get().append(id).append(" has ").append(IntStream.range(0, 3).filter(at -> tunnels[at] == tunnel).findFirst().orElse(-1))
                    .append(tunnel.agent().equals(agent(id)) ? "; " : " OF ANOTHER AGENT; ");
        }

        @Override
        public void failed(Status status) {
            TOLD.get().append(id).append(" failed; ");
        }
    }

    private static String told(Object result) {
        String told = TOLD.get().append(result).toString();
        TOLD.get().setLength(0);
        return told;
    }

    @Operation
    public String offer(@Param(name = "tunnel") int tunnel) {
        return told(registry.offer(tunnels[tunnel]));
    }

    @Operation
    public String remove(@Param(name = "tunnel") int tunnel) {
        return told(registry.remove(tunnels[tunnel]));
    }

    @Operation
    public String find(@Param(name = "request") int request) {
        registry.find(requests[request]);
        return told("");
    }

    @Operation
    public String abort(@Param(name = "request") int request) {
        return told(registry.abort(requests[request]));
    }

    @Operation
    public String counts() {
        synchronized (registry) {
            return told(registry.idle() + " idle, " + registry.waiting() + " waiting");
        }
    }

    @Operation(runOnce = true)
    public String stop() {
        registry.stop();
        return told("");
    }

    /** Ends with a failure and the operations that show it, if some interleaving gives what no order of operations gives. */
    public static void main(String[] arguments) {
        new ModelCheckingOptions().iterations(40).invocationsPerIteration(80).threads(2).actorsPerThread(3).actorsBefore(2)
                .check(RegistryOperations.class);
    }
}
