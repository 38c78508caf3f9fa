package org.openkas.config;

import java.time.Duration;

/** {@code agent.configuration}: the agents' configuration files (chapter 05 §4.3). Immutable; the size is in bytes. */
public record AgentConfigurationSection(Duration pollPeriod, long maxConfigurationFileSize) {

    static AgentConfigurationSection read(MessageReader c) {
        return new AgentConfigurationSection(
                c.duration("poll_period", "how often the repositories of agents are asked for a new commit").must(Rule.positive())
                        .orElse(Duration.ofMinutes(5)),
                c.size("max_configuration_file_size", "greatest size of an agent's configuration file, in bytes. 0 means the default")
                        .orElse(128L * 1024));
    }
}
