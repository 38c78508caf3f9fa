package org.openkas.gitlab;

import com.fasterxml.jackson.databind.JsonNode;

/** Tells GitLab what an agent's configuration file says (chapter 02 §3.5). Implementations are thread-safe. */
public interface AgentConfigurationReporter {

    /**
     * Reports the whole file of one agent; blocks.
     *
     * @param commitId the commit that the file was read at; equal reports in quick succession may be left out
     * @throws GitLabException if GitLab did not take it
     */
    void report(long agentId, String commitId, JsonNode configurationFile) throws GitLabException, InterruptedException;
}
