package org.openkas.demo;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.eclipse.jgit.api.Git;
import org.eclipse.jgit.api.errors.GitAPIException;
import org.eclipse.jgit.lib.PersonIdent;
import org.openkas.config.Secret;

/**
 * The files of the demo below one directory: an agents file with an agent and a user, their tokens, a Git repository with the
 * agent's configuration, the server's configuration and its certificate. What is there is used as it is, with two exceptions:
 * a certificate that expires is made anew, and a file that an earlier version wrote and nobody changed since is brought up to
 * date, so that an old directory has what a new one has.
 */
public record DemoWorld(Path directory) {
    /** The name of the only agent. */
    public static final String AGENT = "demo";
    /** The name of the only user. */
    public static final String USER = "demo";

    private static final String AGENT_CONFIGURATION = """
            # The configuration of agent "demo". Change it and commit: the agent gets it at once.
            observability:
              logging:
                level: info
            ci_access:
              projects:
                - id: group/application
                  default_namespace: demo
            """;

    private static final String AGENTS = """
            agents:
              - name: demo
                id: 1
                token_file: demo.token
                repository: repository
                ref: main
            """;
    private static final String USERS = """
            users:
              - name: demo
                token_file: user.token
                agents: [demo]
                access_as: {agent: {}}
            """;

    private static final String SERVER_CONFIGURATION = """
            # The server without GitLab: agents come from a file.
            standalone:
              agents_file: AGENTS_FILE
            agent:
              listen:
                address: 127.0.0.1:8150
                websocket: true
            KUBERNETES_API\
            observability:
              listen:
                address: 127.0.0.1:8151
              logging:
                level: warn
            """;
    private static final String KUBERNETES_API = """
              kubernetes_api:
                listen:
                  address: 127.0.0.1:8154
                  certificate_file: CERTIFICATE_FILE
                  key_file: KEY_FILE
            """;

    /** Makes what is missing below {@code directory}; {@code random} chooses the tokens, {@code now} is when. */
    public static DemoWorld in(Path directory, RandomGenerator random, Instant now) {
        DemoWorld world = new DemoWorld(directory.toAbsolutePath().normalize());
        try {
            Files.createDirectories(world.directory());
            makeToken(world.tokenFile(), "glagent-", random);
            makeToken(world.userTokenFile(), "demo-user-", random);
            world.makeRepository();
            world.certificate().makeUnlessGood(now);
            write(world.agentsFile(), AGENTS + USERS, Set.of(AGENTS));
            write(world.serverConfiguration(), world.configuration(KUBERNETES_API), Set.of(world.configuration("")));
        } catch (IOException e) {
            throw new UncheckedIOException("the demo cannot be made below " + world.directory() + ": " + e.getMessage(), e);
        } catch (GitAPIException e) {
            throw new UncheckedIOException("the demo's repository cannot be made below " + world.directory(), new IOException(e));
        }
        return world;
    }

    /** The KAS YAML to start the server with. */
    public Path serverConfiguration() {
        return directory.resolve("kas.yaml");
    }

    /** Where the agent and the user are named. */
    public Path agentsFile() {
        return directory.resolve("agents.yaml");
    }

    /** The working tree of the configuration repository. */
    public Path repository() {
        return directory.resolve("repository");
    }

    /** The agent's configuration file in that tree. */
    public Path agentConfiguration() {
        return repository().resolve(".gitlab/agents/" + AGENT + "/config.yaml");
    }

    /** The file that holds the agent's token. */
    public Path tokenFile() {
        return directory.resolve("demo.token");
    }

    /** What kubectl needs in order to reach the agent's cluster as the user; see {@link #offer}. */
    public Path kubeconfig() {
        return directory.resolve("kubeconfig");
    }

    /** The agent's token. */
    public String token() {
        try {
            return Files.readString(tokenFile()).strip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Writes {@link #kubeconfig}, readable for the owner only.
     *
     * @throws IOException if it cannot be written
     */
    public void offer(Secret kubeconfig) throws IOException {
        PrivateFile.write(kubeconfig(), kubeconfig.text());
    }

    private Path userTokenFile() {
        return directory.resolve("user.token");
    }

    private DemoCertificate certificate() {
        return new DemoCertificate(directory.resolve("server.crt"), directory.resolve("server.key"));
    }

    private String configuration(String kubernetesApi) {
        return SERVER_CONFIGURATION.replace("KUBERNETES_API", kubernetesApi).replace("AGENTS_FILE", agentsFile().toString())
                .replace("CERTIFICATE_FILE", certificate().certificate().toString()).replace("KEY_FILE", certificate().key().toString());
    }

    private static void makeToken(Path file, String prefix, RandomGenerator random) throws IOException {
        if (Files.notExists(file)) {
            byte[] bytes = new byte[25];
            random.nextBytes(bytes);
            PrivateFile.write(file, prefix + HexFormat.of().formatHex(bytes) + "\n");
        }
    }

    private void makeRepository() throws IOException, GitAPIException {
        if (Files.exists(repository().resolve(".git"))) {
            return;
        }
        Files.createDirectories(agentConfiguration().getParent());
        Files.writeString(agentConfiguration(), AGENT_CONFIGURATION);
        PersonIdent author = new PersonIdent("OpenKAS demo", "demo@openkas.invalid");
        try (Git git = Git.init().setInitialBranch("main").setDirectory(repository().toFile()).call()) {
            git.add().addFilepattern(".").call();
            git.commit().setMessage("Configure agent demo").setAuthor(author).setCommitter(author).setSign(false).call();
        }
    }

    /** Leaves alone what somebody changed; {@code earlier} is what other versions wrote. */
    private static void write(Path file, String text, Set<String> earlier) throws IOException {
        if (Files.notExists(file) || earlier.contains(Files.readString(file))) {
            Files.writeString(file, text);
        }
    }
}
