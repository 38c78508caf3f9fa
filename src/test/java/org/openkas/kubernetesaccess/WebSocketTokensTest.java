package org.openkas.kubernetesaccess;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.openkas.cluster.MemoryUsedTokens;
import org.openkas.cluster.UsedTokens;
import org.openkas.testkit.FakeTimers;

class WebSocketTokensTest {
    private static final byte[] SECRET = new byte[72];
    private static final Access ACCESS = new Access(123,
            Optional.of(new Identity("gitlab:user:somebody", List.of("gitlab:user", "gitlab:project_role:5:developer"), "a-uid",
                    List.of(new Identity.Extra("agent.gitlab.com/id", List.of("123", "4"))))),
            AccessKind.SESSION_COOKIE, 8, 9);
    private static final Access AGENT_ITSELF = new Access(1, Optional.empty(), AccessKind.CI, 0, 0);

    private final FakeTimers timers = new FakeTimers();
    private final WebSocketTokens tokens = server(SECRET);

    private WebSocketTokens server(byte[] secret) {
        return new WebSocketTokens(secret, new MemoryUsedTokens(timers), timers);
    }

    @Test
    @DisplayName("a token brings back what was found out about its bearer")
    void content() {
        assertThat(tokens.redeem(tokens.issue(ACCESS, "/watch"), "/watch")).contains(ACCESS);
        assertThat(tokens.redeem(tokens.issue(AGENT_ITSELF, "/watch"), "/watch")).contains(AGENT_ITSELF);
    }

    @Test
    @DisplayName("NR-037 a token serves once, for 30 s, for its path")
    void once() {
        String used = tokens.issue(ACCESS, "/watch");
        assertThat(tokens.redeem(used, "/watch")).isPresent();
        assertThat(tokens.redeem(used, "/watch")).isEmpty();
        String elsewhere = tokens.issue(ACCESS, "/watch");
        assertThat(tokens.redeem(elsewhere, "/api/v1/watch")).isEmpty();
        assertThat(tokens.redeem(elsewhere, "/watch")).as("what failed did not use it").isPresent();
        String early = tokens.issue(ACCESS, "/watch");
        String late = tokens.issue(ACCESS, "/watch");
        timers.advance(Duration.ofSeconds(29));
        assertThat(tokens.redeem(early, "/watch")).isPresent();
        timers.advance(Duration.ofSeconds(2));
        assertThat(tokens.redeem(late, "/watch")).isEmpty();
    }

    @Test
    @DisplayName("NR-037 a token serves once also where another server's clock is behind")
    void clocks() {
        FakeTimers behind = new FakeTimers(timers.now().minusSeconds(4));
        UsedTokens used = new MemoryUsedTokens(timers);
        WebSocketTokens here = new WebSocketTokens(SECRET, used, timers);
        WebSocketTokens there = new WebSocketTokens(SECRET, used, behind);
        String token = here.issue(ACCESS, "/watch");
        timers.advance(Duration.ofMillis(29_900));
        behind.advance(Duration.ofMillis(29_900));
        assertThat(here.redeem(token, "/watch")).isPresent();
        timers.advance(Duration.ofSeconds(2));
        behind.advance(Duration.ofSeconds(2));
        assertThat(there.redeem(token, "/watch")).isEmpty();
    }

    @Test
    @DisplayName("NR-037 a token altered by one bit, cut or made longer is none")
    void altered() {
        String token = tokens.issue(ACCESS, "/watch");
        for (int i = 0; i < token.length(); i++) {
            for (int bit = 0; bit < 8; bit++) {
                StringBuilder altered = new StringBuilder(token);
                altered.setCharAt(i, (char) (token.charAt(i) ^ 1 << bit));
                assertThat(tokens.redeem(altered.toString(), "/watch")).as("bit %d of character %d", bit, i).isEmpty();
            }
            assertThat(tokens.redeem(token.substring(0, i), "/watch")).isEmpty();
        }
        assertThat(tokens.redeem(token + "A", "/watch")).isEmpty();
        assertThat(tokens.redeem(token + "=", "/watch")).isEmpty();
        assertThat(tokens.redeem(token, "/watch")).isPresent();
    }

    @Test
    @DisplayName("NR-038 a token made by one server is good on another with the same secret, and on no other")
    void otherServer() {
        byte[] other = SECRET.clone();
        other[71] = 1;
        String token = tokens.issue(ACCESS, "/watch");
        assertThat(server(other).redeem(token, "/watch")).isEmpty();
        assertThat(server(SECRET).redeem(token, "/watch")).contains(ACCESS);
    }

    @Test
    @DisplayName("NR-040 every character of 10,000 tokens is legal in the name of a subprotocol, and no two are equal")
    void characters() {
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < 10_000; i++) {
            String token = tokens.issue(i % 2 == 0 ? ACCESS : AGENT_ITSELF, "/watch");
            assertThat(token).matches("[-A-Za-z0-9!#$%&'*+.^_`|~]+");
            assertThat(seen.add(token)).isTrue();
        }
    }
}
