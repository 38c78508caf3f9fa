package org.openkas.jwt;

import com.auth0.jwt.JWT;
import com.auth0.jwt.algorithms.Algorithm;
import com.auth0.jwt.exceptions.JWTVerificationException;
import com.auth0.jwt.interfaces.DecodedJWT;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Base64;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.openkas.common.Timers;

/**
 * Verifies tokens that a peer with the same secret signed (chapter 06 §3.2, chapter 04 §4.2): HS256, HS384 or HS512, the
 * audience, {@code exp} and {@code nbf} where present and without leeway, the issuer where one is demanded. Thread-safe.
 */
public final class TokenVerifier {
    private final HmacKey key;
    private final String audience;
    private final Optional<String> issuer;
    private final Timers timers;

    private TokenVerifier(byte[] secret, String audience, Optional<String> issuer, Timers timers) {
        this.key = new HmacKey(secret);
        this.audience = audience;
        this.issuer = issuer;
        this.timers = timers;
    }

    /** Takes tokens of any issuer, or of none, that are meant for this audience. The secret may have any length. */
    public static TokenVerifier ofAnyIssuer(byte[] secret, String audience, Timers timers) {
        return new TokenVerifier(secret, audience, Optional.empty(), timers);
    }

    /** Takes tokens of this issuer only that are meant for this audience. The secret may have any length. */
    public static TokenVerifier ofIssuer(byte[] secret, String issuer, String audience, Timers timers) {
        return new TokenVerifier(secret, audience, Optional.of(issuer), timers);
    }

    /** Why the token is not good; empty if it is. The text holds nothing of the token and is for debug lines only. */
    public Optional<String> objection(String token) {
        if (token.indexOf('=') >= 0) {
            return Optional.of("token is malformed"); // the compact form has no padding, but the library does not mind
        }
        try {
            DecodedJWT decoded = JWT.decode(token);
            if (isObject(decoded.getHeader()) && isObject(decoded.getPayload())) {
                return signatureObjection(decoded).or(() -> claimsObjection(decoded));
            }
        } catch (JWTVerificationException | DateTimeException e) {
            // the library's text quotes the token; its dates end before those that a number can name
            return Optional.of("token is malformed");
        }
        return Optional.of("token is malformed");
    }

    /** The library has decoded the part; it takes the JSON value null as well, and stumbles over it later. */
    private static boolean isObject(String part) {
        return new String(Base64.getUrlDecoder().decode(part), StandardCharsets.UTF_8).stripLeading().startsWith("{");
    }

    private Optional<String> signatureObjection(DecodedJWT token) {
        String name = token.getAlgorithm();
        Optional<Algorithm> algorithm = name == null ? Optional.empty() : key.named(name);
        if (algorithm.isEmpty()) {
            return Optional.of("signing method is not one of HS256, HS384, HS512");
        }
        try {
            algorithm.get().verify(token);
            return Optional.empty();
        } catch (JWTVerificationException e) {
            return Optional.of("signature is invalid");
        }
    }

    private Optional<String> claimsObjection(DecodedJWT token) {
        if (token.getClaim("exp").isNull() || token.getClaim("nbf").isNull()) {
            return Optional.of("token is malformed"); // null is no date; what is not there is not null
        }
        Instant now = timers.now();
        if (isSet(token.getExpiresAtAsInstant()) && !now.isBefore(token.getExpiresAtAsInstant())) {
            return Optional.of("token is expired");
        }
        if (isSet(token.getNotBeforeAsInstant()) && now.isBefore(token.getNotBeforeAsInstant())) {
            return Optional.of("token is not valid yet");
        }
        if (token.getAudience() == null || !token.getAudience().contains(audience)) {
            return Optional.of("token has invalid audience, wanted " + audience);
        }
        if (issuer.isPresent() && !issuer.get().equals(token.getIssuer())) {
            return Optional.of("token has invalid issuer, wanted " + issuer.get());
        }
        return Optional.empty();
    }

    private static boolean isSet(@Nullable Instant date) {
        return date != null;
    }
}
