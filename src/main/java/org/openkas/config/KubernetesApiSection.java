package org.openkas.config;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * {@code agent.kubernetes_api}: the way to clusters through their agents; off when the section is absent (chapter 05 §4.3,
 * chapter 07 §6.1). Immutable.
 *
 * @param urlPathPrefix ends with a slash
 * @param websocketTokenSecretFile path of the secret, which {@link KasSecrets} reads
 */
public record KubernetesApiSection(KubernetesApiListenSection listen, String urlPathPrefix, Duration allowedAgentCacheTtl,
        Duration allowedAgentCacheErrorTtl, Optional<String> websocketTokenSecretFile, List<String> extraAllowedResponseHeaders) {

    static KubernetesApiSection read(MessageReader c) {
        return new KubernetesApiSection(
                c.section("listen", "ListenKubernetesApiCF", "the listener for Kubernetes API requests", KubernetesApiListenSection::read)
                        .orDefaults(),
                withSlash(c.text("url_path_prefix", "path in front of Kubernetes API paths; removed from requests. A / is added at its end")
                        .orElse("/")),
                c.duration("allowed_agent_cache_ttl",
                        "how long the agents and rights that GitLab gave for a credential are kept. 0s keeps nothing")
                        .must(Rule.zeroOrLonger()).orElse(Duration.ofMinutes(1)),
                c.duration("allowed_agent_cache_error_ttl", "how long GitLab's refusal of a credential is kept").must(Rule.positive())
                        .orElse(Duration.ofSeconds(10)),
                c.text("websocket_token_secret_file",
                        "file with the Base64 of exactly 72 bytes, the same on all servers; turns on tokens for browsers' WebSockets")
                        .ifGiven(),
                c.field("extra_allowed_response_headers", ValueType.TEXTS,
                        "names of response headers that clusters may send besides the well-known ones").orElse(List.of()));
    }

    private static String withSlash(String prefix) {
        return prefix.endsWith("/") ? prefix : prefix + "/";
    }
}
