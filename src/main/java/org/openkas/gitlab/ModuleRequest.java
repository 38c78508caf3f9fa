package org.openkas.gitlab;

import java.util.List;
import java.util.Map;
import org.openkas.common.AgentToken;

/**
 * What a module of an agent asks GitLab for (chapter 02 §3.9). All but the token is the agent's word and unchecked.
 *
 * @param module whose part of GitLab's API is meant
 * @param path behind the module's own, usually with a slash at its beginning; not encoded
 * @param query values by name
 * @param headers values by name, in any spelling
 * @param body must be there until the call is over
 */
public record ModuleRequest(AgentToken agent, String module, String method, String path, Map<String, List<String>> query,
        Map<String, List<String>> headers, RequestBody body) {

    /** Never shows tokens. */
    @Override
    public String toString() {
        return method + " " + module + " " + path;
    }
}
