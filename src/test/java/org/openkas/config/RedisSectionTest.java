package org.openkas.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RedisSectionTest {
    private static final String REDIS = "kascfg.Validate: invalid ConfigurationFile.Redis: embedded message failed validation | caused by: ";

    @Test
    void defaults() throws ConfigurationException {
        assertThat(Loading.withLeast("").redis()).contains(new RedisSection(new RedisServerSection("127.0.0.1:6379"), Duration.ofSeconds(5),
                Duration.ofSeconds(3), "gitlab-kas", Optional.empty(), Optional.empty(), "tcp", Optional.empty(), 0, false));
    }

    @Test
    void explicitServer() throws ConfigurationException {
        assertThat(Loading.withLeast("""
                redis:
                  server: {address: /r.socket}
                  pool_size: 5
                  dial_timeout: 1s
                  read_timeout: 1s
                  write_timeout: 2s
                  idle_timeout: 1s
                  key_prefix: p
                  username: u
                  password_file: /pw
                  network: unix
                  tls: {enabled: true, certificate_file: /c, key_file: /k, ca_certificate_file: /ca}
                  database_index: 3
                  readiness: strict
                """).redis())
                .contains(new RedisSection(new RedisServerSection("/r.socket"), Duration.ofSeconds(1), Duration.ofSeconds(2), "p",
                        Optional.of("u"), Optional.of("/pw"), "unix",
                        Optional.of(new RedisTlsSection(true, Optional.of(new TlsFiles("/c", "/k")), Optional.of("/ca"))), 3, true));
    }

    @Test
    void explicitSentinels() throws ConfigurationException {
        assertThat(Loading.withLeast("""
                redis:
                  sentinel:
                    master_name: m
                    addresses: [a:1, b:2]
                    sentinel_password_file: /sp
                    tls: {enabled: true, ca_certificate_file: /ca}
                """).redis().orElseThrow().nodes()).isEqualTo(new RedisSentinelSection("m", List.of("a:1", "b:2"), Optional.of("/sp"),
                Optional.of(new RedisTlsSection(true, Optional.empty(), Optional.of("/ca")))));
    }

    @Test
    void violationsInTheReferencesOrder() {
        assertThat(Loading.failureWithLeast("redis: {sentinel: {}, network: udp, database_index: -1}"))
                .isEqualTo(REDIS + "invalid RedisCF.Network: value must be in list [ tcp unix]; "
                        + "invalid RedisCF.DatabaseIndex: value must be greater than or equal to 0; "
                        + "invalid RedisCF.Sentinel: embedded message failed validation | caused by: "
                        + "invalid RedisSentinelCF.MasterName: value length must be at least 1 bytes; "
                        + "invalid RedisSentinelCF.Addresses: value must contain at least 1 item(s)");
    }

    @Test
    void emptyAddressesAreCounted() {
        assertThat(Loading.failureWithLeast("redis: {sentinel: {master_name: m, addresses: [a, '', '']}}"))
                .isEqualTo(REDIS + "invalid RedisCF.Sentinel: embedded message failed validation | caused by: "
                        + "invalid RedisSentinelCF.Addresses[1]: value length must be at least 1 bytes; "
                        + "invalid RedisSentinelCF.Addresses[2]: value length must be at least 1 bytes");
    }

    @ParameterizedTest
    @CsvSource({"dial_timeout, DialTimeout", "read_timeout, ReadTimeout", "write_timeout, WriteTimeout", "idle_timeout, IdleTimeout"})
    void timesMustBePositive(String key, String name) {
        assertThat(Loading.failureWithLeast("redis: {server: {address: x}, " + key + ": 0s}"))
                .isEqualTo(REDIS + "invalid RedisCF." + name + ": value must be greater than 0s");
    }

    @Test
    void aServerNeedsItsAddress() {
        assertThat(Loading.failureWithLeast("redis: {server: {}}")).isEqualTo(REDIS + "invalid RedisCF.Server: embedded message failed "
                + "validation | caused by: invalid RedisServerCF.Address: value length must be at least 1 bytes");
    }

    @Test
    void halfAPairOfFilesMattersOnlyWithTls() throws ConfigurationException {
        assertThat(Loading.failureWithLeast("redis: {server: {address: x}, tls: {enabled: true, certificate_file: /c}}"))
                .isEqualTo("both certificate (/c) and key () files must be specified");
        assertThat(Loading.withLeast("redis: {server: {address: x}, tls: {certificate_file: /c}}").redis().orElseThrow().tls())
                .contains(new RedisTlsSection(false, Optional.empty(), Optional.empty()));
    }
}
