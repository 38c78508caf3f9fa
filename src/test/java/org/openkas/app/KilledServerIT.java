package org.openkas.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.openkas.testkit.AgentChannels;
import org.openkas.testkit.FakeGitLab;
import org.openkas.testkit.FreePorts;
import org.openkas.testkit.Rails;
import org.openkas.testkit.RealRedis;
import org.openkas.testkit.RunningDistribution;
import org.openkas.testkit.SimulatedAgent;

/** What a server that is killed leaves in Redis. */
@Timeout(180)
class KilledServerIT {
    private static final Duration TTL = Duration.ofSeconds(6);
    private static final String TIMES = "redis_conn_info_ttl: 6s, redis_conn_info_refresh: 3s, redis_conn_info_gc: 4s";

    @TempDir
    Path directory;

    private Path settings(FakeGitLab gitLab, RealRedis redis, List<Integer> ports) throws Exception {
        Path secret = Files.writeString(directory.resolve("killed-secret"), Base64.getEncoder().encodeToString(FakeGitLab.SECRET));
        return Files.writeString(directory.resolve("killed.yaml"), """
                gitlab: {address: "%s", authentication_secret_file: "%s"}
                agent: {listen: {address: "127.0.0.1:%d"}, %s}
                observability: {listen: {address: "127.0.0.1:%d"}}
                api: {listen: {address: "127.0.0.1:%d", authentication_secret_file: "%2$s"}}
                private_api: {listen: {address: "127.0.0.1:%d", authentication_secret_file: "%2$s"}}
                %s
                """.formatted(gitLab.address(), secret, ports.get(0), TIMES, ports.get(1), ports.get(2), ports.get(3), redis.yaml()));
    }

    @Test
    @DisplayName("RA-6: the agents of a server that is killed are gone at the latest after redis_conn_info_ttl, those of others stay")
    void killed() throws Exception {
        List<Integer> ports = FreePorts.some(5);
        try (RealRedis redis = RealRedis.start();
                FakeGitLab gitLab = FakeGitLab.release16();
                RunningServer running = RunningServer.withGitLab(directory, gitLab,
                        "agent: {listen: {address: '127.0.0.1:0', listen_grace_period: 0.01s}, " + TIMES + "}", "127.0.0.1:" + ports.get(4),
                        "server: {address: \"" + redis.address() + "\"}");
                Rails rails = new Rails(ports.get(4), FakeGitLab.SECRET);
                RunningDistribution killed = RunningDistribution.start(RunningDistribution.HOME, Map.of(),
                        "--configuration-file=" + settings(gitLab, redis, ports))) {
            gitLab.agent("token-of-a", 5, 7, "group/project");
            gitLab.agent("other-of-b", 6, 7, "group/project");
            killed.ready();
            try (SimulatedAgent there = new SimulatedAgent(AgentChannels.grpc(ports.get(0)), "token-of-a", "there");
                    SimulatedAgent here = new SimulatedAgent(running.channel(), "other-of-b", "here")) {
                there.configurations("", false);
                here.configurations("", false);
                await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> assertThat(rails.connections(5)).hasSize(1));
                // it is renewed as long as its server lives
                await().during(TTL.plusSeconds(2)).atMost(TTL.plusSeconds(20))
                        .untilAsserted(() -> assertThat(rails.connections(5)).hasSize(1));
                killed.handle().destroyForcibly();
                killed.exit();
                // what expires is written in whole seconds
                await().atMost(TTL.plusSeconds(1)).untilAsserted(() -> assertThat(rails.connections(5)).isEmpty());
                assertThat(rails.connections(6)).hasSize(1);
            }
        }
    }
}
