package org.openkas.standalone;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Set;
import org.openkas.proto.agentcfg.CiAccessAsImpersonateCF;

/**
 * One user of the agents file. Immutable; holds no secret.
 *
 * @param tokenDigest see {@link #digest}
 * @param agents ids of the agents that the user may reach
 * @param impersonate whom agents pose as for the user; empty for the agent's own identity
 */
public record StandaloneUser(String name, String tokenDigest, Set<Long> agents, Optional<CiAccessAsImpersonateCF> impersonate) {

    /** The number that stands for the user where users are counted: the same for the same name. */
    public long id() {
        return StandaloneAgent.idOf(name);
    }

    /** What is kept of a token: enough to know it again, too little to use it, and its comparison tells nothing by its time. */
    static String digest(String token) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java runtime has SHA-256", e);
        }
    }
}
