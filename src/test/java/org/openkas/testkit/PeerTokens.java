package org.openkas.testkit;

import com.auth0.jwt.JWT;
import com.auth0.jwt.JWTCreator;
import com.auth0.jwt.algorithms.Algorithm;
import java.time.Instant;

/** What servers of a cluster show each other. */
public final class PeerTokens {
    /** The secret of all of them. */
    public static final byte[] SECRET = "the secret of all the servers 32".getBytes(java.nio.charset.StandardCharsets.US_ASCII);

    private PeerTokens() {
    }

    /** All claims of a good token, to be changed and signed. */
    public static JWTCreator.Builder claims(Instant now) {
        return endless(now).withExpiresAt(now.plusSeconds(5));
    }

    /** As {@link #claims}, without an end. */
    public static JWTCreator.Builder endless(Instant now) {
        return JWT.create().withIssuer("gitlab-kas").withArrayClaim("aud", new String[]{"gitlab-kas"}).withIssuedAt(now)
                .withNotBefore(now.minusSeconds(5));
    }

    /** A good token. */
    public static String token(Instant now) {
        return claims(now).sign(Algorithm.HMAC256(SECRET));
    }
}
