package org.openkas.jwt;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.openkas.testkit.FakeTimers;

class TokenSignerTest {
    private static final byte[] SECRET = "0123456789abcdef0123456789abcdef".getBytes(StandardCharsets.UTF_8);

    private final FakeTimers timers = new FakeTimers(Instant.parse("2026-01-02T03:04:05.987Z"));

    @Test
    @DisplayName("GB-02: a token for GitLab holds issuer, audience as array and three integers, nothing else")
    void holdsWhatGitLabVerifies() throws Exception {
        String[] parts = new TokenSigner(SECRET, "gitlab-kas", List.of("gitlab"), Duration.ofSeconds(30), timers).sign().split("\\.");

        assertThat(parts).hasSize(3);
        assertThat(decode(parts[0])).isEqualTo("{\"alg\":\"HS256\",\"typ\":\"JWT\"}");
        JsonNode claims = new ObjectMapper().readTree(decode(parts[1]));
        assertThat(claims.toString()).isEqualTo(
                "{\"iss\":\"gitlab-kas\",\"aud\":[\"gitlab\"],\"exp\":1767323075,\"nbf\":1767323040,\"iat\":1767323045}");
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(SECRET, "HmacSHA256"));
        assertThat(parts[2]).isEqualTo(Base64.getUrlEncoder().withoutPadding()
                .encodeToString(mac.doFinal((parts[0] + "." + parts[1]).getBytes(StandardCharsets.UTF_8))));
    }

    @Test
    @DisplayName("chapter 04 §4.2: a token for peers lives five seconds")
    void peersTakeWhatServersSign() {
        String token = new TokenSigner(SECRET, "gitlab-kas", List.of("gitlab-kas"), Duration.ofSeconds(5), timers).sign();
        TokenVerifier verifier = TokenVerifier.ofIssuer(SECRET, "gitlab-kas", "gitlab-kas", timers);

        assertThat(verifier.objection(token)).isEmpty();
        timers.advance(Duration.ofMillis(4013));
        assertThat(verifier.objection(token)).contains("token is expired");
    }

    private static String decode(String part) {
        return new String(Base64.getUrlDecoder().decode(part), StandardCharsets.UTF_8);
    }
}
