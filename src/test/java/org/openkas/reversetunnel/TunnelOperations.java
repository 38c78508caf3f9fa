package org.openkas.reversetunnel;

import io.grpc.Status;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Validate;
import org.openkas.common.AgentType;
import org.openkas.testkit.RecordedLog;

/** What may happen to a tunnel at the same time, for Lincheck: whatever the order, one that ended is not idle in the end. */
public class TunnelOperations {
    private final TunnelRegistry registry = new TunnelRegistry(new RecordedLog().log());
    private final SilentStream stream = new SilentStream();
    private final AgentKey agent = new AgentKey(AgentType.AGENTK, 7);
    private final Tunnel tunnel = SilentStream.tunnel(registry, agent, "a.One", stream);
    private volatile boolean cancelled;

    @Operation
    public void giveBack() {
        tunnel.giveBack();
    }

    @Operation
    public void borrow() {
        FindRequest request = new FindRequest(agent, "a.One", "Do", new FindRequest.Answer() {
            @Override
            public void found(Tunnel found) {
                found.giveBack();
            }

            @Override
            public void failed(Status status) {
                // not asked
            }
        });
        registry.find(request);
        registry.abort(request);
    }

    @Operation
    public void expire() {
        tunnel.expire();
    }

    @Operation
    public void cancel() {
        cancelled = true;
        tunnel.cancelled(Status.CANCELLED);
    }

    /** Called when all threads are done. */
    @Validate
    public void endedIsNotIdle() {
        if ((cancelled || stream.ends.get() > 0) && registry.idle() > 0) {
            throw new IllegalStateException("a tunnel that ended is idle");
        }
        if (stream.ends.get() > 1) {
            throw new IllegalStateException("a tunnel ended twice");
        }
    }

    /** Ends with a failure and the operations that show it, if there is one. */
    public static void main(String[] arguments) {
        new ModelCheckingOptions().iterations(15).invocationsPerIteration(100).threads(2).actorsPerThread(2).actorsBefore(1)
                .check(TunnelOperations.class);
    }
}
