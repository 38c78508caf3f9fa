package org.openkas.kubernetesapi;

import org.openkas.kubernetesaccess.Access;
import org.openkas.usage.UsageCounters;

/** Counts requests that may go to an agent, whatever becomes of them (chapter 03 §17.1). Without state. */
final class AccessUsage {
    private AccessUsage() {
    }

    static void count(Access access, UsageCounters usage) {
        String kind = switch (access.kind()) {
            case CI -> "ci_access";
            case SESSION_COOKIE -> "user_access";
            case PERSONAL_ACCESS_TOKEN -> "pat_access";
        };
        usage.add("k8s_api_proxy_requests_via_" + kind);
        usage.see("k8s_api_proxy_requests_unique_users_via_" + kind, access.userId());
        usage.see("k8s_api_proxy_requests_unique_agents_via_" + kind, access.agentId());
        usage.add("k8s_api_proxy_request");
        // fed by all kinds, despite its name
        usage.see("agent_users_using_ci_tunnel", access.userId());
    }
}
