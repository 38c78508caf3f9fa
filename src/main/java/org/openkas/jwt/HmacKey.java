package org.openkas.jwt;

import com.auth0.jwt.algorithms.Algorithm;
import java.util.Optional;

/** A shared secret of any length as key of the HMAC algorithms. Never prints itself. Thread-safe. */
final class HmacKey {
    private final Algorithm hs256;
    private final Algorithm hs384;
    private final Algorithm hs512;

    HmacKey(byte[] secret) {
        // HMAC fills a short key up with zero bytes, so one of them stands for none; the JDK refuses an empty key
        byte[] key = secret.length == 0 ? new byte[1] : secret.clone();
        hs256 = Algorithm.HMAC256(key);
        hs384 = Algorithm.HMAC384(key);
        hs512 = Algorithm.HMAC512(key);
    }

    /** What new tokens are signed with. */
    Algorithm hs256() {
        return hs256;
    }

    /** The algorithm of this name, if it is one of the three that count. */
    Optional<Algorithm> named(String name) {
        return switch (name) {
            case "HS256" -> Optional.of(hs256);
            case "HS384" -> Optional.of(hs384);
            case "HS512" -> Optional.of(hs512);
            default -> Optional.empty();
        };
    }
}
