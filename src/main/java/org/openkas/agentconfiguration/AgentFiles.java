package org.openkas.agentconfiguration;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import com.google.protobuf.ByteString;
import java.time.Duration;
import java.util.List;
import org.openkas.common.Log;
import org.openkas.common.Timers;
import org.openkas.gitlab.AgentInfo;
import org.openkas.repository.Repository;
import org.openkas.repository.RepositoryException;

/**
 * Agents' configuration files, read and parsed once for all processes of an agent. Also writes the lines that appear once
 * per agent and commit. Thread-safe.
 */
final class AgentFiles {
    /** Of the files' own sizes; what is made of them is several times larger. */
    private static final long REMEMBERED_BYTES = 8 << 20;
    private static final int WEIGHT_OF_ANY = 1 << 10;
    /** All processes of an agent ask within seconds after a commit. */
    private static final Duration REMEMBERED_FOR = Duration.ofMinutes(10);
    /** Shorter, because a file that a lagging replica does not have yet is missing too. */
    private static final Duration MISSING_FOR = Duration.ofSeconds(30);
    private static final int REMEMBERED_LINES = 10_000;
    private static final int SHOWN_SETTINGS = 100;

    private final ConfigurationFiles files;
    private final long maximumSize;
    private final Cache<Key, Outcome> outcomes;
    private final Cache<Key, Boolean> told = Caffeine.newBuilder().maximumSize(REMEMBERED_LINES).executor(Runnable::run).build();

    private record Key(long agentId, String path, String commit) {
    }

    /** What a commit gives; it will not change, so mistakes are remembered too. */
    private sealed interface Outcome {
        int weight();
    }

    private record Read(ParsedFile file, int weight) implements Outcome {
    }

    private record Missing(int weight) implements Outcome {
    }

    private record Refused(String text, int weight) implements Outcome {
    }

    AgentFiles(ConfigurationFiles files, long maximumSize, Timers timers) {
        this.files = files;
        this.maximumSize = maximumSize;
        outcomes = Caffeine.newBuilder().maximumWeight(REMEMBERED_BYTES).weigher((Key key, Outcome outcome) -> outcome.weight())
                .expireAfter(Expiry.writing((Key _, Outcome outcome) -> outcome instanceof Missing ? MISSING_FOR : REMEMBERED_FOR))
                .ticker(timers::nanos).executor(Runnable::run).build();
    }

    /**
     * The configuration of an agent at a commit; blocks.
     *
     * @throws ConfigurationFileException if the file is not usable
     * @throws RepositoryException if the file could not be read now
     */
    ParsedFile at(AgentInfo agent, String commit, Log log)
            throws ConfigurationFileException, RepositoryException, InterruptedException {
        Key key = new Key(agent.agentId(), ".gitlab/agents/" + agent.agentName() + "/config.yaml", commit);
        Outcome outcome = outcomes.getIfPresent(key);
        return switch (outcome == null ? read(agent, key) : outcome) {
            case Read read -> {
                tellUnknown(key, read.file().unknown(), log);
                yield read.file();
            }
            case Missing _ -> {
                tellMissing(key, log);
                yield ParsedFile.EMPTY;
            }
            case Refused refused -> throw new ConfigurationFileException(refused.text());
        };
    }

    private Outcome read(AgentInfo agent, Key key) throws RepositoryException, InterruptedException {
        ByteString content;
        try {
            content = files.file(new Repository(agent.gitaly(), agent.repository()), key.commit(), key.path(), maximumSize);
        } catch (RepositoryException e) {
            return switch (e.code()) {
                case NOT_FOUND -> remember(key, new Missing(WEIGHT_OF_ANY));
                case FILE_TOO_BIG, UNEXPECTED_TREE_ENTRY_TYPE ->
                    remember(key, new Refused("agent configuration file: " + e.getMessage(), WEIGHT_OF_ANY));
                default -> throw e;
            };
        }
        // those who got the same content at the same time wait here for the first one to parse it
        return outcomes.get(key, _ -> parse(content));
    }

    private Outcome remember(Key key, Outcome outcome) {
        outcomes.put(key, outcome);
        return outcome;
    }

    private static Outcome parse(ByteString content) {
        int weight = WEIGHT_OF_ANY + content.size();
        try {
            return new Read(ConfigurationFileParser.parse(content), weight);
        } catch (ConfigurationFileException e) {
            return new Refused(String.valueOf(e.getMessage()), weight);
        }
    }

    private void tellMissing(Key key, Log log) {
        if (firstTime(key)) {
            log.with("remedy", "commit the file to the default branch of the agent's configuration project, it may be empty")
                    .with("error", "configuration file not found: \"" + key.path() + "\"").warn("Config: failed to fetch");
        }
    }

    private void tellUnknown(Key key, List<String> unknown, Log log) {
        if (!unknown.isEmpty() && firstTime(key)) {
            String shown = String.join(", ", unknown.subList(0, Math.min(SHOWN_SETTINGS, unknown.size())));
            int more = unknown.size() - SHOWN_SETTINGS;
            log.with("settings", more > 0 ? shown + " and " + more + " more" : shown).info("Config: unknown settings ignored");
        }
    }

    private boolean firstTime(Key key) {
        return told.asMap().putIfAbsent(key, Boolean.TRUE) == null;
    }
}
