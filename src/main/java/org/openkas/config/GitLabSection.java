package org.openkas.config;

import java.util.Optional;

/**
 * {@code gitlab}: how to reach GitLab (chapter 05 §4.2). Immutable.
 *
 * @param address absolute base URL
 * @param externalUrl where browsers see GitLab
 * @param authenticationSecretFile path of the secret, which {@link KasSecrets} reads
 * @param caCertificateFile PEM file of further certificate authorities
 */
public record GitLabSection(String address, Optional<String> externalUrl, String authenticationSecretFile,
        Optional<String> caCertificateFile, RateLimitSection apiRateLimit) {

    static GitLabSection read(MessageReader c) {
        return new GitLabSection(
                c.text("address", "base URL of GitLab as this server reaches it; a path in it is kept").must(Rule.notEmpty())
                        .must(Rule.absoluteUri()).orElse(""),
                c.text("external_url", "URL at which browsers see GitLab; the one origin allowed for Kubernetes API requests of browsers")
                        .explicit().must(Rule.notEmpty()).must(Rule.absoluteUri()).ifGiven(),
                c.text("authentication_secret_file", "file with the Base64 of the 32 bytes that GitLab and this server share")
                        .must(Rule.notEmpty()).orElse(""),
                c.text("ca_certificate_file", "PEM file of certificate authorities to trust besides the system's when calling GitLab")
                        .ifGiven(),
                c.section("api_rate_limit", "TokenBucketRateLimitCF", "limit of calls to GitLab; calls beyond it wait",
                        inner -> RateLimitSection.read(inner, 50, 250)).orDefaults());
    }
}
