package org.openkas.distribution;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import org.openkas.testkit.AgentChannels;
import org.openkas.testkit.FakeGitLab;
import org.openkas.testkit.FakeGitaly;
import org.openkas.testkit.FreePorts;
import org.openkas.testkit.Program;
import org.openkas.testkit.Rails;
import org.openkas.testkit.RealRedis;
import org.openkas.testkit.SimulatedAgent;
import org.openkas.testkit.TestRepository;

/**
 * A single GitLab node as Omnibus 16.5 sets it up: the built server with the file that Omnibus renders (chapter 05 §19.2;
 * addresses on free ports, Redis at a socket), a fake GitLab and a fake Gitaly. Any number of agents share the node.
 */
final class OmnibusSite implements AutoCloseable {
    static final Duration START = Duration.ofSeconds(60);

    private static final String AS_RENDERED = """
            agent:
              listen: {address: localhost:%AGENT%, network: tcp, websocket: true%LISTEN%}
              configuration: {poll_period: 300s}
              gitops: {poll_period: 300s, project_info_cache_ttl: 300s, project_info_cache_error_ttl: 60s}
              kubernetes_api:
                listen: {address: localhost:%KUBERNETES%}
                url_path_prefix: /
              info_cache_ttl: 300s
              info_cache_error_ttl: 60s
            gitlab:
              address: %GITLAB%
              external_url: http://gitlab.example.com
              authentication_secret_file: %DIRECTORY%/authentication_secret_file
            observability:
              listen: {address: localhost:%OBSERVABILITY%, network: tcp}
              usage_reporting_period: 60s
              logging: {level: %LEVEL%}
            redis:
              network: unix
              tls: {enabled: false}
              server: {address: %DIRECTORY%/redis.socket}
            api:
              listen: {network: tcp, address: localhost:%API%, authentication_secret_file: %DIRECTORY%/authentication_secret_file}
            private_api:
              listen: {network: tcp, address: localhost:%PRIVATE%, authentication_secret_file: %DIRECTORY%/private_api_authentication_secret_file}
            """;

    final FakeGitLab gitLab;
    final FakeGitaly gitaly = FakeGitaly.onTcp();
    final Path directory;
    final int agentPort;
    final int observabilityPort;
    final int apiPort;
    final Program server;
    final Rails rails;
    final RealRedis redis;
    private final HttpClient http = HttpClient.newHttpClient();

    /**
     * Starts the server and waits until it is ready.
     *
     * @param directory empty; for the server's files and its temporary ones
     * @param listen more settings of the agents' listener, each after a comma
     */
    OmnibusSite(Path directory, FakeGitLab gitLab, String logLevel, String listen) throws Exception {
        this.directory = directory;
        this.gitLab = gitLab;
        List<Integer> ports = FreePorts.some(5);
        agentPort = ports.get(0);
        observabilityPort = ports.get(1);
        apiPort = ports.get(2);
        // Omnibus writes no line feed behind secrets
        Files.writeString(directory.resolve("authentication_secret_file"), Base64.getEncoder().encodeToString(FakeGitLab.SECRET));
        Files.writeString(directory.resolve("private_api_authentication_secret_file"), Base64.getEncoder().encodeToString(new byte[32]));
        redis = RealRedis.start("--unixsocket", directory.resolve("redis.socket").toString());
        Path file = Files.writeString(directory.resolve("gitlab-kas-config.yml"),
                AS_RENDERED.replace("%AGENT%", Integer.toString(agentPort))
                        .replace("%LISTEN%", listen).replace("%KUBERNETES%", ports.get(3).toString())
                        .replace("%GITLAB%", gitLab.address().toString())
                        .replace("%OBSERVABILITY%", Integer.toString(observabilityPort)).replace("%LEVEL%", logLevel)
                        .replace("%API%", Integer.toString(apiPort)).replace("%PRIVATE%", ports.get(4).toString())
                        .replace("%DIRECTORY%", directory.toString()));
        server = Program.openkas(directory, "--configuration-file=" + file);
        rails = new Rails(apiPort, FakeGitLab.SECRET);
        server.awaitLog("API endpoint is up", START);
    }

    /** An agent with a project of its own: {@code group/<name>}, whose Gitaly repository is empty. */
    final class Agent {
        final String name;
        final long id;
        final long projectId;
        final String project;
        final String token;
        final TestRepository repository;

        Agent(String name, long id) {
            this.name = name;
            this.id = id;
            projectId = 1000 + id;
            project = "group/" + name;
            token = "glagent-" + name + "-0123456789";
            repository = gitaly.repository(project, directory.resolve(name + ".git"));
            gitLab.agent(token, """
                    {"project_id":%d,"agent_id":%d,"agent_name":"%s","gitaly_info":{"address":"%s","token":"t","features":{}},
                    "gitaly_repository":{"storage_name":"default","relative_path":"%s.git","gl_repository":"project-%1$d",
                    "gl_project_path":"%5$s"},"default_branch":"main"}""".formatted(projectId, id, name, gitaly.address(), project));
        }

        /** Commits its configuration file to {@code main}; returns the commit. */
        String commit(String yaml) {
            return repository.commit("main", new TestRepository.Change().file(path(), yaml));
        }

        /** Where its configuration file is. */
        String path() {
            return ".gitlab/agents/" + name + "/config.yaml";
        }

        SimulatedAgent overGrpc() {
            return new SimulatedAgent(AgentChannels.grpc(agentPort), token, name + "-pod");
        }

        SimulatedAgent overWebSocket() {
            return new SimulatedAgent(AgentChannels.ws(agentPort), token, name + "-pod");
        }
    }

    /** What the observability listener answers. */
    HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return http.send(HttpRequest.newBuilder(URI.create("http://localhost:" + observabilityPort + path)).build(),
                HttpResponse.BodyHandlers.ofString());
    }

    /** The value of a series on {@code /metrics}, such as {@code a{b="c"}}; labels in any order; 0 if it is absent. */
    double metric(String family, String... labels) throws IOException, InterruptedException {
        return get("/metrics").body().lines().filter(line -> line.startsWith(family + "{") || line.startsWith(family + " "))
                .filter(line -> List.of(labels).stream().allMatch(line::contains))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1))).sum();
    }

    @Override
    public void close() {
        http.close();
        rails.close();
        server.close();
        gitaly.close();
        gitLab.close();
        redis.close();
    }
}
