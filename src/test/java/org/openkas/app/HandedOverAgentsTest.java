package org.openkas.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.Executors;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.openkas.common.SystemTimers;
import org.openkas.grpc.ConnectionPolicy;
import org.openkas.grpc.HandoffListener;
import org.openkas.grpc.HandoffSettings;
import org.openkas.grpc.MethodTable;
import org.openkas.grpc.ListenerRuntime;
import org.openkas.net.EventLoops;

class HandedOverAgentsTest {
    private final EventLoops loops = new EventLoops(1);
    private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
    private final SystemTimers timers = new SystemTimers(executor);
    private final HandedOverAgents agents = new HandedOverAgents(
            () -> new HandoffListener(new HandoffSettings(Duration.ofHours(2), Duration.ZERO, ConnectionPolicy.STANDARD),
                    new ListenerRuntime(loops, executor, timers, RandomGenerator.getDefault()), new MethodTable(List.of(), List.of())));

    @BeforeEach
    void start() {
        agents.start();
    }

    @AfterEach
    void close() {
        agents.close();
        loops.close();
        timers.close();
        executor.close();
    }

    @Test
    void isMadeAnewAfterADrain() throws Exception {
        HandoffListener first = agents.listener();
        assertThat(agents.renew()).as("while it runs").isEmpty();
        agents.drain(Duration.ofSeconds(5));
        HandoffListener second = agents.renew().orElseThrow();
        assertThat(second).isNotSameAs(first).isSameAs(agents.listener());
        assertThat(agents.renew()).isEmpty();
        agents.drain(Duration.ofSeconds(5));
        assertThat(agents.renew()).isPresent();
    }

    @Test
    void isNotMadeAnewAfterItsEnd() throws Exception {
        AtomicInteger ended = new AtomicInteger();
        agents.drain(Duration.ofSeconds(5));
        agents.end(Duration.ofSeconds(5), ended::incrementAndGet);
        assertThat(agents.renew()).isEmpty();
        assertThat(ended).as("told that calls wait no longer").hasValue(1);
    }

    @Test
    void saysThatCallsWaitNoLongerWhenItEnds() throws Exception {
        AtomicInteger ended = new AtomicInteger();
        agents.end(Duration.ofSeconds(5), ended::incrementAndGet);
        assertThat(ended).hasValue(1);
    }
}
