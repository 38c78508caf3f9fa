package org.openkas.app;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.random.RandomGenerator;
import org.openkas.common.BuildInfo;
import org.openkas.common.SystemTimers;
import org.openkas.demo.DemoAgent;
import org.openkas.demo.DemoWorld;
import org.openkas.demo.TerminalStory;
import org.openkas.net.BoundAddress;

/**
 * The demo agent beside the server, telling its story on standard output: the one case in which there is something to read
 * there. It comes through the public listener, with nothing shared but the address.
 */
record DemoRun(DemoAgent agent, SystemTimers timers, ExecutorService executor) implements AutoCloseable {

    /** Starts the agent of {@code world} against the agents' listener. */
    static DemoRun begin(DemoWorld world, BoundAddress listener, BuildInfo build, RandomGenerator random) {
        // Open Liberty owns System.out
        PrintStream terminal = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
        TerminalStory story = new TerminalStory(world, listener.address(), terminal);
        ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
        SystemTimers timers = new SystemTimers(executor);
        DemoAgent agent = new DemoAgent(listener.socketAddress(), world.token(), build.version(), timers, random, story);
        story.begin();
        agent.start();
        return new DemoRun(agent, timers, executor);
    }

    @Override
    public void close() {
        agent.close();
        timers.close();
        executor.shutdownNow();
    }
}
