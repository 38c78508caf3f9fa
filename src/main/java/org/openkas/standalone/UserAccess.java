package org.openkas.standalone;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.openkas.config.Secret;

/**
 * What a user of an agents file needs in order to reach the cluster of an agent; for whoever hands it to the user. Immutable;
 * its text has no secret.
 *
 * @param token the user's token, without the agent's id
 */
public record UserAccess(String user, String agent, long agentId, Secret token) {

    /**
     * Reads the file for one user and one agent.
     *
     * @throws AgentsFileException if the file cannot be used, or the user may not reach the agent
     */
    public static UserAccess of(Path agentsFile, String user, String agent) throws AgentsFileException {
        AgentsFile file = new AgentsFile(agentsFile);
        AgentsFileContent content = file.read();
        String at = "agents file " + agentsFile + ": ";
        StandaloneUser found = content.users().stream().filter(one -> one.name().equals(user)).findFirst()
                .orElseThrow(() -> new AgentsFileException(at + "there is no user \"" + user + "\"; known are "
                        + names(content.users().stream().map(StandaloneUser::name).toList())));
        StandaloneAgent wanted = content.agents().stream().filter(one -> one.name().equals(agent)).findFirst()
                .orElseThrow(() -> new AgentsFileException(at + "there is no agent \"" + agent + "\"; known are "
                        + names(content.agents().stream().map(StandaloneAgent::name).toList())));
        if (!found.agents().contains(wanted.id())) {
            throw new AgentsFileException(
                    at + "user \"" + user + "\" may not reach agent \"" + agent + "\"; add it to the user's agents");
        }
        return new UserAccess(user, agent, wanted.id(), file.userToken(user));
    }

    private static String names(List<String> names) {
        return names.isEmpty() ? "none" : String.join(", ", names.stream().sorted().toList());
    }

    /** What stands behind {@code Bearer} in requests to the Kubernetes API listener (chapter 03 §3). */
    public Secret bearer() {
        return Secret.of(("pat:" + agentId + ":" + token.text()).getBytes(StandardCharsets.UTF_8));
    }
}
