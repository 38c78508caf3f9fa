package org.openkas.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GitLabSectionTest {
    private static final String GITLAB = "kascfg.Validate: invalid ConfigurationFile.Gitlab: embedded message failed validation | caused by: ";

    @Test
    void defaults() throws ConfigurationException {
        assertThat(Loading.withLeast("").gitlab()).contains(new GitLabSection("http://gitlab.example.com", Optional.empty(), "/gitlab",
                Optional.empty(), new RateLimitSection(50, 250)));
    }

    @Test
    void explicitValues() throws ConfigurationException {
        assertThat(Loading.withLeast("""
                gitlab:
                  address: https://g.example.com/relative
                  external_url: https://web.example.com
                  authentication_secret_file: /secret
                  ca_certificate_file: /ca
                  api_rate_limit: {refill_rate_per_second: 0.5, bucket_size: 2}
                """).gitlab())
                .contains(new GitLabSection("https://g.example.com/relative", Optional.of("https://web.example.com"), "/secret",
                        Optional.of("/ca"), new RateLimitSection(0.5, 2)));
    }

    @Test
    void anEmptySection() {
        assertThat(Loading.failureWithLeast("gitlab: {}"))
                .isEqualTo(GITLAB + "invalid GitLabCF.Address: value length must be at least 1 bytes; "
                        + "invalid GitLabCF.Address: value must be absolute; "
                        + "invalid GitLabCF.AuthenticationSecretFile: value length must be at least 1 bytes");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '^', quoteCharacter = '`', textBlock = """
            address: http//x           ^ Address: value must be absolute
            address: "http://[::1"     ^ Address: value must be a valid URI | caused by: parse "http://[::1": missing ']' in host
            external_url: ""           ^ ExternalUrl: value length must be at least 1 bytes; invalid GitLabCF.ExternalUrl: value must be absolute
            external_url: foo          ^ ExternalUrl: value must be absolute
            """)
    void violations(String yaml, String text) {
        assertThat(Loading.failureWithLeast("gitlab: {address: 'http://x', authentication_secret_file: /s, " + yaml + "}"))
                .isEqualTo(GITLAB + "invalid GitLabCF." + text);
    }

    @ParameterizedTest
    @CsvSource({"-Infinity", "NaN", "-0.1"})
    void ratesMustBeZeroOrMore(String rate) {
        assertThat(Loading.failureWithLeast("gitaly: {per_server_api_rate_limit: {refill_rate_per_second: " + rate + "}}"))
                .isEqualTo("kascfg.Validate: invalid ConfigurationFile.Gitaly: embedded message failed validation | caused by: "
                        + "invalid GitalyCF.PerServerApiRateLimit: embedded message failed validation | caused by: "
                        + "invalid TokenBucketRateLimitCF.RefillRatePerSecond: value must be greater than or equal to 0");
    }

    @Test
    void limitsOfGitaly() throws ConfigurationException {
        assertThat(Loading.withLeast("").gitaly()).isEqualTo(new GitalySection(new RateLimitSection(30, 70), new RateLimitSection(15, 40)));
        assertThat(Loading.withLeast("""
                gitaly:
                  global_api_rate_limit: {refill_rate_per_second: "Infinity", bucket_size: 1}
                  per_server_api_rate_limit: {refill_rate_per_second: "2.5", bucket_size: "3"}
                """).gitaly())
                .isEqualTo(new GitalySection(new RateLimitSection(Double.POSITIVE_INFINITY, 1), new RateLimitSection(2.5, 3)));
    }
}
