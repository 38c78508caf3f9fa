package org.openkas.demo;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HexFormat;
import java.util.random.RandomGenerator;
import org.eclipse.jgit.api.Git;
import org.eclipse.jgit.api.errors.GitAPIException;
import org.eclipse.jgit.lib.PersonIdent;

/**
 * The files of the demo below one directory: an agents file, a token, a Git repository with the agent's configuration and
 * the server's configuration. An existing world is used again as it is.
 */
public record DemoWorld(Path directory) {
    /** The name of the only agent. */
    public static final String AGENT = "demo";

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

    private static final String SERVER_CONFIGURATION = """
            # The server without GitLab: agents come from a file.
            standalone:
              agents_file: AGENTS_FILE
            agent:
              listen:
                address: 127.0.0.1:8150
                websocket: true
            observability:
              listen:
                address: 127.0.0.1:8151
              logging:
                level: warn
            """;

    /** Makes what is missing below {@code directory}; {@code random} chooses the token. */
    public static DemoWorld in(Path directory, RandomGenerator random) {
        DemoWorld world = new DemoWorld(directory.toAbsolutePath().normalize());
        try {
            Files.createDirectories(world.directory());
            world.makeToken(random);
            world.makeRepository();
            writeIfMissing(world.agentsFile(),
                    "agents:%n  - name: %s%n    id: 1%n    token_file: demo.token%n    repository: repository%n    ref: main%n"
                            .formatted(AGENT));
            writeIfMissing(world.serverConfiguration(), SERVER_CONFIGURATION.replace("AGENTS_FILE", world.agentsFile().toString()));
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

    /** Where the agent is named. */
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

    /** The agent's token. */
    public String token() {
        try {
            return Files.readString(tokenFile()).strip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void makeToken(RandomGenerator random) throws IOException {
        if (Files.notExists(tokenFile())) {
            byte[] bytes = new byte[25];
            random.nextBytes(bytes);
            Files.createFile(tokenFile(), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            Files.writeString(tokenFile(), "glagent-" + HexFormat.of().formatHex(bytes) + "\n");
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

    private static void writeIfMissing(Path file, String text) throws IOException {
        if (Files.notExists(file)) {
            Files.writeString(file, text);
        }
    }
}
