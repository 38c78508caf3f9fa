package org.openkas.app;

import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.openkas.common.BuildInfo;
import org.openkas.config.ConfigurationLoader;
import org.openkas.config.PropertySource;
import org.openkas.observability.Probes;
import org.openkas.testkit.FakeGitLab;
import org.openkas.testkit.RealRedis;
import org.openkas.testkit.RecordedLog;

/** The whole server of {@link KasServer}, in this process, on free ports; everything around it is a double, but Redis. */
final class RunningServer implements AutoCloseable {
    final RecordedLog log = new RecordedLog();
    final Probes probes = new Probes();
    final KasServer server;

    private RunningServer(Path directory, String yaml) throws Exception {
        Path file = directory.resolve("kas.yaml");
        Files.writeString(file, yaml);
        server = KasServer.assemble(new ConfigurationLoader().load(Optional.of(file), PropertySource.none()).configuration(), Map.of(),
                BuildInfo.UNKNOWN,
                directory.resolve("work"), log.log(), probes);
        server.start();
    }

    /** A server with GitLab; {@code more} is YAML below the root. */
    static RunningServer withGitLab(Path directory, FakeGitLab gitLab, String more) throws Exception {
        return withGitLab(directory, gitLab, more, "127.0.0.1:0");
    }

    /** As the other, with the listener for GitLab at {@code api}. */
    static RunningServer withGitLab(Path directory, FakeGitLab gitLab, String more, String api) throws Exception {
        return withGitLab(directory, gitLab, more, api,
                "server: {address: \"" + RealRedis.shared().address() + "\"}, key_prefix: " + UUID.randomUUID());
    }

    /** As the other, with these settings of {@code redis}. */
    static RunningServer withGitLab(Path directory, FakeGitLab gitLab, String more, String api, String redis) throws Exception {
        return new RunningServer(directory, """
                gitlab: {address: %s, authentication_secret_file: %s, external_url: "https://gitlab.example"}
                api: {listen: {address: "%4$s", authentication_secret_file: %2$s}}
                private_api: {listen: {address: "127.0.0.1:0", authentication_secret_file: %2$s}}
                redis: {%5$s}
                %6$s
                %3$s
                """.formatted(gitLab.address(), secret(directory), more, api, redis,
                more.contains("observability:") ? "" : "observability: {listen: {address: \"127.0.0.1:0\"}}"));
    }

    /** A server without GitLab. */
    static RunningServer standalone(Path directory, Path agentsFile) throws Exception {
        return standalone(directory, agentsFile, "");
    }

    /** A server without GitLab; {@code more} is YAML in the section {@code agent}, beginning with a comma. */
    static RunningServer standalone(Path directory, Path agentsFile, String more) throws Exception {
        return new RunningServer(directory, """
                standalone: {agents_file: %s}
                agent: {listen: {address: "127.0.0.1:0", websocket: true, listen_grace_period: 0.01s}%s}
                observability: {listen: {address: "127.0.0.1:0"}}
                """.formatted(agentsFile, more));
    }

    private static Path secret(Path directory) throws IOException {
        return Files.writeString(directory.resolve("secret"), Base64.getEncoder().encodeToString(FakeGitLab.SECRET) + "\n");
    }

    /** A new connection to the agents' listener. */
    ManagedChannel channel() {
        String address = server.agentListener().address();
        return NettyChannelBuilder.forTarget("dns:///" + address).usePlaintext().build();
    }

    @Override
    public void close() {
        server.close();
    }
}
