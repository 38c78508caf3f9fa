package org.openkas.kubernetesaccess;

import java.util.Optional;
import org.openkas.standalone.StandaloneUser;
import org.openkas.standalone.StandaloneUsers;

/** Lets the users of a standalone server in, with a token in the form of personal access tokens. Never blocks. Thread-safe. */
public final class StandaloneAgentAccess implements AgentAccess {
    private static final String UNAUTHORIZED = "Unauthorized";

    private final StandaloneUsers users;

    /** Lets in whom {@code users} knows. */
    public StandaloneAgentAccess(StandaloneUsers users) {
        this.users = users;
    }

    @Override
    public Access access(Credential credential) throws RefusedException {
        Optional<Access> access = known(credential);
        if (access.isPresent()) {
            return access.get();
        }
        if (!(credential instanceof Credential.PersonalAccessToken)) {
            throw refused(RefusedException.Detail.SHOWN,
                    "this server runs without GitLab: only tokens of the agents file are known, in the form pat:<agent id>:<token>");
        }
        // one answer for all, so that nobody finds out which agents and tokens there are
        throw refused(RefusedException.Detail.LOGGED,
                "no user of the agents file has this token, or the user may not reach the agent; see users in that file");
    }

    private static RefusedException refused(RefusedException.Detail detail, String reason) {
        return RefusedException.because(401, UNAUTHORIZED, UNAUTHORIZED, detail, new CredentialException(reason));
    }

    @Override
    public Optional<Access> known(Credential credential) {
        return credential instanceof Credential.PersonalAccessToken(long agentId, String token)
                ? users.user(token).filter(user -> user.agents().contains(agentId)).map(user -> access(user, credential))
                : Optional.empty();
    }

    private static Access access(StandaloneUser user, Credential credential) {
        return new Access(credential.agentId(), user.impersonate().map(JobIdentity::configured), credential.kind(), user.id(), 0);
    }
}
