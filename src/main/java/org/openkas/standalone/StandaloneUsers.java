package org.openkas.standalone;

import java.util.Optional;

/** The users of a standalone server. Implementations are thread-safe and never block. */
@FunctionalInterface
public interface StandaloneUsers {

    /** Whose token this is; empty if nobody's. */
    Optional<StandaloneUser> user(String token);
}
