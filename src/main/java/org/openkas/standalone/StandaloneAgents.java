package org.openkas.standalone;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.openkas.common.AgentToken;
import org.openkas.common.Log;
import org.openkas.common.Timers;
import org.openkas.gitlab.AgentInfo;
import org.openkas.gitlab.AgentInfoSource;
import org.openkas.gitlab.GitLabException;

/**
 * The agents and users of a standalone server. The file is looked at every second; when it changed it is read again, and when the new
 * one is wrong the old ones stay and a line says what to mend. Thread-safe.
 */
public final class StandaloneAgents implements AgentInfoSource, StandaloneUsers, AutoCloseable {
    private static final Duration LOOK = Duration.ofSeconds(1);

    private final Path path;
    private final AgentsFile file;
    private final Timers timers;
    private final Log log;
    private final Consumer<AgentToken> removed;
    private volatile Map<AgentToken, AgentInfo> agents = Map.of();
    private volatile Map<String, StandaloneUser> users = Map.of();
    private Optional<Stamp> seen = Optional.empty();
    private boolean closed;

    /** What tells one state of the file from another without reading it. */
    private record Stamp(long modifiedMillis, long size, Object key) {
    }

    private StandaloneAgents(Path path, Timers timers, Log log, Consumer<AgentToken> removed) {
        this.path = path;
        this.file = new AgentsFile(path);
        this.timers = timers;
        this.log = log;
        this.removed = removed;
    }

    /**
     * Reads the file and begins to look after it.
     *
     * @param removed told each token that is no longer good, or that now stands for something else
     * @throws AgentsFileException if the file cannot be used
     */
    public static StandaloneAgents open(Path path, Timers timers, Log log, Consumer<AgentToken> removed) throws AgentsFileException {
        StandaloneAgents opened = new StandaloneAgents(path, timers, log.with("agents_file", path.toString()), removed);
        opened.seen = opened.stamp();
        AgentsFileContent content = opened.file.read();
        opened.agents = byToken(content.agents());
        opened.users = byDigest(content.users());
        opened.lookLater();
        return opened;
    }

    @Override
    public Optional<AgentInfo> known(AgentToken token) {
        return Optional.ofNullable(agents.get(token));
    }

    @Override
    public AgentInfo agentInfo(AgentToken token) throws GitLabException {
        AgentInfo info = agents.get(token);
        if (info == null) {
            throw GitLabException.status(401, "/agents_file", "");
        }
        return info;
    }

    @Override
    public Optional<StandaloneUser> user(String token) {
        return Optional.ofNullable(users.get(StandaloneUser.digest(token)));
    }

    /** The agents as of now, by name. */
    public List<AgentInfo> agents() {
        return agents.values().stream().sorted(Comparator.comparing(AgentInfo::agentName)).toList();
    }

    private synchronized void lookLater() {
        if (!closed) {
            timers.after(LOOK, this::look);
        }
    }

    private void look() {
        try {
            Optional<Stamp> now = stamp();
            if (!now.equals(seen)) {
                seen = now;
                reload();
            }
        } finally {
            lookLater();
        }
    }

    private void reload() {
        Map<AgentToken, AgentInfo> before = agents;
        AgentsFileContent content;
        try {
            content = file.read();
        } catch (AgentsFileException e) {
            log.withError(e).with("remedy", "correct the file; until then the agents of the last good version stay")
                    .error("Agents file is wrong");
            return;
        }
        Map<AgentToken, AgentInfo> after = byToken(content.agents());
        agents = after;
        users = byDigest(content.users());
        log.with("agents", after.size()).with("users", users.size()).info("Agents file was read again");
        before.forEach((token, info) -> {
            if (!info.equals(after.get(token))) {
                removed.accept(token);
            }
        });
    }

    private Optional<Stamp> stamp() {
        try {
            BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
            return Optional
                    .of(new Stamp(attributes.lastModifiedTime().toMillis(), attributes.size(), String.valueOf(attributes.fileKey())));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static Map<AgentToken, AgentInfo> byToken(List<StandaloneAgent> agents) {
        Map<AgentToken, AgentInfo> byToken = new HashMap<>();
        agents.forEach(agent -> byToken.put(agent.token(), agent.info()));
        return Map.copyOf(byToken);
    }

    private static Map<String, StandaloneUser> byDigest(List<StandaloneUser> users) {
        return users.stream().collect(Collectors.toUnmodifiableMap(StandaloneUser::tokenDigest, Function.identity()));
    }

    /** Stops looking after the file. */
    @Override
    public synchronized void close() {
        closed = true;
    }
}
