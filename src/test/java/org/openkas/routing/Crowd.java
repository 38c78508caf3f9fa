package org.openkas.routing;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Channel;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.IntFunction;

/** Tunnels of two agents, and callers of both, that come and act in random order. */
final class Crowd {
    private final Random random;
    private final IntFunction<Channel> connections;
    private final AgentChannels channels;
    private final List<RandomAgent> agents = new ArrayList<>();
    private final List<RandomCaller> callers = new ArrayList<>();

    /** {@code connections} has the channel on which an agent opens its next tunnel. */
    Crowd(Random random, IntFunction<Channel> connections, AgentChannels channels) {
        this.random = random;
        this.connections = connections;
        this.channels = channels;
    }

    void step() {
        int id = 1 + random.nextInt(2);
        switch (random.nextInt(9)) {
            case 0 -> agents.add(new RandomAgent(id, connections.apply(id)));
            case 1 -> callers.add(new RandomCaller(id, channels, random));
            case 2, 3, 4 -> {
                if (!callers.isEmpty()) {
                    callers.get(random.nextInt(callers.size())).act(random);
                }
            }
            default -> {
                if (!agents.isEmpty()) {
                    agents.get(random.nextInt(agents.size())).act(random);
                }
            }
        }
    }

    /** Some leave by themselves. */
    void someLeave() {
        for (int i = 0; i < callers.size(); i += 2) {
            callers.get(i).cancel();
        }
        for (int i = 0; i < agents.size(); i += 2) {
            agents.get(i).cancel();
        }
    }

    void callersLeave() {
        callers.forEach(RandomCaller::cancel);
    }

    /** Agents learn the end of a tunnel only when they have read what came before it. */
    void agentsRead() {
        agents.forEach(RandomAgent::readAll);
    }

    int liveCallers() {
        return (int) callers.stream().filter(caller -> caller.ends.isEmpty()).count();
    }

    int callersThatLeftInVain() {
        return (int) callers.stream().filter(caller -> caller.left && caller.ends.isEmpty()).count();
    }

    int liveCallersWithDeadline() {
        return (int) callers.stream().filter(caller -> caller.limited && caller.ends.isEmpty()).count();
    }

    /** Everyone has learnt one end, and nobody was taken for another. */
    void assertEnded() {
        assertThat(callers).allSatisfy(caller -> {
            assertThat(caller.ends).hasSize(1);
            assertThat(caller.answers).allMatch(answer -> answer.startsWith(caller.agent + ":"));
            assertThat(caller.answers.size()).isLessThanOrEqualTo(caller.asked);
        });
        assertThat(agents).allSatisfy(agent -> {
            assertThat(agent.ends).hasSize(1);
            assertThat(agent.requests).isLessThanOrEqualTo(1);
            assertThat(agent.heard).allMatch(heard -> heard.startsWith(agent.id + ":"));
        });
    }
}
