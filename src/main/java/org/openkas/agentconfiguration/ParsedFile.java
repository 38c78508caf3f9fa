package org.openkas.agentconfiguration;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.util.List;
import org.openkas.proto.agentcfg.ConfigurationFile;

/**
 * What an agent's configuration file says. Immutable as long as nobody changes the tree, and nobody may.
 *
 * @param message the settings that are known
 * @param tree the whole file, for GitLab; an object
 * @param unknown sorted paths of the settings that {@code message} leaves out
 */
public record ParsedFile(ConfigurationFile message, JsonNode tree, List<String> unknown) {
    /** What a file without content says, and what a missing one is taken for. */
    public static final ParsedFile EMPTY = new ParsedFile(ConfigurationFile.getDefaultInstance(), JsonNodeFactory.instance.objectNode(),
            List.of());
}
