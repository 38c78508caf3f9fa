package org.openkas.kubernetesapi;

import org.openkas.kubernetesaccess.Access;
import org.openkas.kubernetesaccess.AccessKind;
import org.openkas.usage.UsageCounters;
import org.openkas.usage.UsageEvents;

/** Counts requests that may go to an agent, whatever becomes of them (chapter 03 §17.1, chapter 02 §9.3). Thread-safe. */
public record AccessUsage(UsageCounters counters, UsageEvents events) {
    private static final Names CI = Names.of("ci_access");
    private static final Names USER = Names.of("user_access");
    private static final Names PAT = Names.of("pat_access");

    private record Names(String requests, String users, String agents) {
        static Names of(String kind) {
            return new Names("k8s_api_proxy_requests_via_" + kind, "k8s_api_proxy_requests_unique_users_via_" + kind,
                    "k8s_api_proxy_requests_unique_agents_via_" + kind);
        }

        static Names of(AccessKind kind) {
            return switch (kind) {
                case CI -> CI;
                case SESSION_COOKIE -> USER;
                case PERSONAL_ACCESS_TOKEN -> PAT;
            };
        }
    }

    void count(Access access) {
        Names names = Names.of(access.kind());
        counters.add(names.requests());
        counters.see(names.users(), access.userId());
        counters.see(names.agents(), access.agentId());
        counters.add("k8s_api_proxy_request");
        // fed by all kinds, despite its name
        counters.see("agent_users_using_ci_tunnel", access.userId());
        if (access.userId() > 0 && access.projectId() > 0) {
            events.see(names.users(), access.userId(), access.projectId());
        }
    }
}
