package org.openkas.kubernetesaccess;

import java.util.Optional;

/** For a server without GitLab: nobody may. Immutable. */
public final class NoUsers implements AgentAccess {
    private static final String UNAUTHORIZED = "Unauthorized";

    @Override
    public Access access(Credential credential) throws RefusedException {
        throw RefusedException.because(401, UNAUTHORIZED, UNAUTHORIZED, RefusedException.Detail.SHOWN,
                new CredentialException("this server has no users: it runs without GitLab"));
    }

    @Override
    public Optional<Access> known(Credential credential) {
        return Optional.empty();
    }
}
