package org.openkas.app;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.openkas.cluster.RedisAccess;
import org.openkas.cluster.RedisFailure;
import org.openkas.cluster.RedisSharedState;
import org.openkas.config.ConfigurationException;
import org.openkas.config.RedisSection;
import org.openkas.config.RedisSentinelSection;
import org.openkas.config.RedisServerSection;
import org.openkas.config.RedisTlsSection;
import org.openkas.config.Secret;
import org.openkas.config.SecretFiles;
import org.openkas.gitlab.GitLabSetupException;
import org.openkas.gitlab.TrustedCertificates;
import org.openkas.net.ClientSecurity;
import org.openkas.net.TlsException;
import org.openkas.observability.RedisMetrics;

/** How the connection to Redis is put together (chapter 04 §7.1, chapter 05 §4.6, §9). */
final class Redis {
    private Redis() {
    }

    /**
     * Connects.
     *
     * @throws StartException naming the setting and what to do about it
     */
    static RedisSharedState connect(RedisSection section, Ground ground) throws StartException {
        RedisAccess access = access(section, ground);
        try {
            return RedisSharedState.connect(section, access, new RedisSharedState.Surroundings(ground.timers(), ground.random(),
                    ground.executor(), ground.log(), new RedisMetrics(ground.metrics().registry())));
        } catch (RedisFailure e) {
            throw new StartException(e.getMessage() + " (" + remedy(section, String.valueOf(e.getMessage())) + ")", e);
        }
    }

    private static RedisAccess access(RedisSection section, Ground ground) throws StartException {
        Optional<RedisSentinelSection> sentinel = section.nodes() instanceof RedisSentinelSection group
                ? Optional.of(group)
                : Optional.empty();
        Optional<ClientSecurity> tls = security(section.tls(), ground);
        Optional<RedisTlsSection> own = sentinel.flatMap(RedisSentinelSection::tls);
        return new RedisAccess(secret(section.passwordFile()), secret(sentinel.flatMap(RedisSentinelSection::sentinelPasswordFile)), tls,
                own.isPresent() ? security(own, ground) : tls);
    }

    private static Optional<Secret> secret(Optional<String> file) throws StartException {
        if (file.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(SecretFiles.verbatim(file.get()));
        } catch (ConfigurationException e) {
            throw StartException.of("", e);
        }
    }

    private static Optional<ClientSecurity> security(Optional<RedisTlsSection> section, Ground ground) throws StartException {
        if (section.isEmpty() || !section.get().enabled()) {
            return Optional.empty();
        }
        RedisTlsSection tls = section.get();
        try {
            TrustedCertificates trusted = TrustedCertificates.ofHost(ground.variables());
            if (tls.caCertificateFile().isPresent()) {
                trusted = trusted.and(Path.of(tls.caCertificateFile().get()));
            }
            ClientSecurity security = ClientSecurity.trusting(trusted.clientTrust());
            return Optional.of(tls.client().isPresent()
                    ? security.showing(tls.client().get().certificate(), tls.client().get().key())
                    : security);
        } catch (GitLabSetupException | TlsException e) {
            throw StartException.of("", e);
        }
    }

    private static String remedy(RedisSection section, String failure) {
        String where = section.nodes() instanceof RedisServerSection ? "redis.server.address" : "redis.sentinel.addresses";
        if (failure.startsWith("tls: ")) {
            return "redis.tls: turn enabled off for a Redis without TLS, or name the authority of its certificate in ca_certificate_file"
                    + " and the name in that certificate in " + where;
        }
        if (List.of("NOAUTH", "WRONGPASS", "NOPERM", "AUTH", "invalid password", "Client sent AUTH").stream()
                .anyMatch(failure::startsWith)) {
            return "redis.password_file, redis.username: give what Redis expects; every byte of the file counts, also a line feed at its end";
        }
        if (failure.startsWith("DB index")) {
            return "redis.database_index: name a database that Redis has";
        }
        if (failure.startsWith("redis: sentinel")) {
            return "redis.sentinel.master_name: write it as the sentinels have it";
        }
        return where + ": start Redis there, or write where it is and can be reached from this host";
    }
}
