package org.openkas.common;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;

/**
 * The bearer token of an agent registration, with the kind of agent that presented it. Never prints itself. Tokens of
 * different kinds are different even where their text is the same.
 */
public record AgentToken(AgentType type, String value) {

    /** A token of an agent for Kubernetes. */
    public static AgentToken ofAgentk(String value) {
        return new AgentToken(AgentType.AGENTK, value);
    }

    /**
     * The 32 bytes that stand for the token in shared state: SHA-256 of the first half of its bytes, rounded down (chapter
     * 01 §3.6). The caller owns the array.
     */
    public byte[] key() {
        byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
        try {
            return MessageDigest.getInstance("SHA-256").digest(Arrays.copyOf(bytes, bytes.length / 2));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java runtime has SHA-256", e);
        }
    }

    /** Whether an HTTP header can carry it; a token that nobody can send is nobody's. */
    public boolean sendable() {
        return value.chars().allMatch(c -> c >= 0x20 && c < 0x7f);
    }

    @Override
    public String toString() {
        return "AgentToken[" + type.label() + ", hidden]";
    }
}
