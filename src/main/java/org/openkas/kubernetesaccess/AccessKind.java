package org.openkas.kubernetesaccess;

/** Kinds of access, as they are counted and as clusters see them (chapter 03 §8.5, §17.1). */
public enum AccessKind {
    /** The token of a CI job. */
    CI("ci_access"),
    /** A user's session in a browser. */
    SESSION_COOKIE("session_cookie"),
    /** A user's token. */
    PERSONAL_ACCESS_TOKEN("personal_access_token");

    private final String label;

    AccessKind(String label) {
        this.label = label;
    }

    /** For users, the word that GitLab and clusters know. */
    public String label() {
        return label;
    }
}
