package org.openkas.config;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * {@code agent}: everything for and about agents (chapter 05 §4.3). Immutable.
 *
 * @param infoCacheTtl zero: nothing is cached
 * @param infoCacheStaleTtl how long an answer that has expired may still serve while GitLab fails
 * @param redisConnInfoRefresh always shorter than {@code redisConnInfoTtl}
 * @param kubernetesApi empty: no such endpoint
 * @param methodAliases unknown full method name to known one (chapter 07 §4.2), without leading slashes
 */
public record AgentSection(AgentListenSection listen, AgentConfigurationSection configuration, GitopsSection gitops, Duration infoCacheTtl,
        Duration infoCacheErrorTtl, Duration infoCacheStaleTtl, Duration redisConnInfoTtl, Duration redisConnInfoRefresh,
        Duration redisConnInfoGc, Optional<KubernetesApiSection> kubernetesApi, JobRouterSection jobRouter,
        Map<String, String> methodAliases) {

    static AgentSection read(MessageReader c) {
        AgentSection agent = new AgentSection(
                c.section("listen", "ListenAgentCF", "the listener that agents connect to", AgentListenSection::read).orDefaults(),
                c.section("configuration", "AgentConfigurationCF", "how agents get their configuration", AgentConfigurationSection::read)
                        .orDefaults(),
                c.section("gitops", "GitopsCF", "manifests from projects, for agents up to 16.11", GitopsSection::read).orDefaults(),
                c.duration("info_cache_ttl", "how long GitLab's answer about an agent token is kept. 0s keeps nothing, not even errors")
                        .must(Rule.zeroOrLonger()).orElse(Duration.ofMinutes(5)),
                c.duration("info_cache_error_ttl", "how long GitLab's refusal of an agent token is kept").must(Rule.positive())
                        .orElse(Duration.ofMinutes(1)),
                c.duration("info_cache_stale_ttl",
                        "how long an expired answer about an agent, or about a client of a cluster, may still serve while GitLab fails. 0s never. OpenKAS only")
                        .must(Rule.zeroOrLonger()).orElse(Duration.ofMinutes(5)),
                c.duration("redis_conn_info_ttl", "after which time records of connected agents and tunnels expire in Redis")
                        .orElse(Duration.ofMinutes(5)),
                c.duration("redis_conn_info_refresh", "how often a server renews its records in Redis; less than redis_conn_info_ttl")
                        .must(Rule.positive()).orElse(Duration.ofMinutes(4)),
                c.duration("redis_conn_info_gc", "how often expired records are removed from Redis").must(Rule.positive())
                        .orElse(Duration.ofMinutes(10)),
                c.section("kubernetes_api", "KubernetesApiCF",
                        "Kubernetes API requests to clusters through their agents. Even an empty section turns it on",
                        KubernetesApiSection::read).ifGiven(),
                c.section("job_router", "JobRouterCF", "jobs for GitLab Runner", JobRouterSection::read).orDefaults(),
                c.field("method_aliases", ValueType.PAIRS,
                        "full name of a method that agents call and the server does not know, to the known one that it stands for;"
                                + " as a property: name=known,name=known. OpenKAS only")
                        .must(Rule.methodNames()).orElse(Map.of()).entrySet().stream()
                        .collect(Collectors.toUnmodifiableMap(pair -> name(pair.getKey()), pair -> name(pair.getValue()), (a, _) -> a)));
        remoteDevelopment(c);
        c.ignored("receptive_agent", "agents that the server calls, of newer releases; no effect");
        return agent;
    }

    private static String name(String method) {
        return method.startsWith("/") ? method.substring(1) : method;
    }

    private static void remoteDevelopment(MessageReader c) {
        c.section("remote_development", "RemoteDevelopmentCF", "no effect on the server",
                inner -> inner.duration("poll_period", "no effect").must(Rule.positive()).ifGiven()).ifGiven();
    }

    /** What contradicts itself only once the defaults are known (chapter 05 §4.9). */
    Optional<String> contradiction() {
        return redisConnInfoRefresh.compareTo(redisConnInfoTtl) < 0
                ? Optional.empty()
                : Optional.of("invalid AgentCF.RedisConnInfoRefresh: must be smaller than RedisConnInfoTtl"
                        + " (agent.redis_conn_info_refresh is " + DurationText.show(redisConnInfoRefresh)
                        + ", agent.redis_conn_info_ttl is "
                        + DurationText.show(redisConnInfoTtl) + ")");
    }
}
