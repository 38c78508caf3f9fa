package org.openkas.cluster;

import java.util.Optional;
import org.openkas.config.Secret;
import org.openkas.net.ClientSecurity;

/**
 * What Redis and its sentinels want to see before they answer (chapter 04 §7.1). Immutable; prints no secret.
 *
 * @param tls how to encrypt connections to Redis; empty: not at all
 * @param sentinelTls the same for its sentinels
 */
public record RedisAccess(Optional<Secret> password, Optional<Secret> sentinelPassword, Optional<ClientSecurity> tls,
        Optional<ClientSecurity> sentinelTls) {

    /** Nothing. */
    public static final RedisAccess OPEN = new RedisAccess(Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());
}
