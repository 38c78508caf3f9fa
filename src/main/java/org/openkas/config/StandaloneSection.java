package org.openkas.config;

/**
 * {@code standalone}: a server without GitLab, whose agents stand in a file. Immutable.
 *
 * @param agentsFile path of that file
 */
public record StandaloneSection(String agentsFile) {

    static StandaloneSection read(MessageReader c) {
        return new StandaloneSection(
                c.text("agents_file", "file that lists the agents with their tokens and repositories, and the users who may reach them")
                        .must(Rule.notEmpty()).orElse(""));
    }
}
