package org.openkas.usage;

/**
 * What GitLab's analytics hear of an agent that registered (chapter 02 §9.3); what the agent did not say is empty. Immutable.
 *
 * @param projectId where it is configured
 * @param agentVersion such as {@code v16.5.0}
 * @param architecture of its cluster, such as {@code arm64}
 * @param kubernetesVersion such as {@code v1.29.2}
 */
public record RegisteredAgent(long projectId, long agentId, String agentVersion, String architecture, String kubernetesVersion) {
    private static final int LONGEST = 100;

    /** Cuts texts that are no versions: agents may say what they like. */
    public RegisteredAgent {
        agentVersion = cut(agentVersion);
        architecture = cut(architecture);
        kubernetesVersion = cut(kubernetesVersion);
    }

    private static String cut(String text) {
        return text.length() <= LONGEST ? text : text.substring(0, LONGEST);
    }
}
