package org.openkas.kubernetesaccess;

/**
 * What a client of the Kubernetes API listener shows, and for which agent (chapter 03 §6). Immutable; never prints secrets.
 */
public sealed interface Credential {

    /** The agent whose cluster the client wants to reach; not checked against anything. */
    long agentId();

    /** How requests with such a credential are counted. */
    AccessKind kind();

    /** The token of a CI job: {@code ci:<agent id>:<token>}. */
    record JobToken(long agentId, String token) implements Credential {
        @Override
        public AccessKind kind() {
            return AccessKind.CI;
        }

        @Override
        public String toString() {
            return "JobToken[agent " + agentId + ", hidden]";
        }
    }

    /** A user's token: {@code pat:<agent id>:<token>}. */
    record PersonalAccessToken(long agentId, String token) implements Credential {
        @Override
        public AccessKind kind() {
            return AccessKind.PERSONAL_ACCESS_TOKEN;
        }

        @Override
        public String toString() {
            return "PersonalAccessToken[agent " + agentId + ", hidden]";
        }
    }

    /**
     * The session of a browser.
     *
     * @param session the decoded value of cookie {@code _gitlab_kas}
     * @param csrfToken may be empty
     */
    record SessionCookie(long agentId, String session, String csrfToken) implements Credential {
        @Override
        public AccessKind kind() {
            return AccessKind.SESSION_COOKIE;
        }

        @Override
        public String toString() {
            return "SessionCookie[agent " + agentId + ", hidden]";
        }
    }
}
