package org.openkas.testkit;

import com.auth0.jwt.JWT;
import com.auth0.jwt.JWTCreator;
import com.auth0.jwt.algorithms.Algorithm;
import io.grpc.Metadata;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.UUID;

/** Tokens as GitLab Rails makes them, and what metadata carries them. */
public final class RailsTokens {
    /** The API secret of tests. */
    public static final byte[] SECRET = "api-secret-of-exactly-32-bytes!!".getBytes(StandardCharsets.US_ASCII);

    private static final Metadata.Key<String> AUTHORIZATION = Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

    private RailsTokens() {
    }

    /** All claims of a good token, to be changed and signed. */
    public static JWTCreator.Builder claims(Instant now) {
        return JWT.create().withJWTId(UUID.randomUUID().toString()).withAudience("gitlab-kas").withIssuer("gitlab.example.com")
                .withIssuedAt(now)
                .withNotBefore(now.minusSeconds(5)).withExpiresAt(now.plusSeconds(60));
    }

    /** A good token. */
    public static String token(Instant now) {
        return claims(now).sign(Algorithm.HMAC256(SECRET));
    }

    /** Metadata with this value of {@code authorization}. */
    public static Metadata authorization(String value) {
        Metadata headers = new Metadata();
        headers.put(AUTHORIZATION, value);
        return headers;
    }

    /** Metadata with a good token. */
    public static Metadata bearer(Instant now) {
        return authorization("bearer " + token(now));
    }
}
