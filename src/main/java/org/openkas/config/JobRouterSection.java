package org.openkas.config;

/**
 * {@code agent.job_router}: whether GitLab Runner gets its jobs through this server (chapter 07 §9.2); off unless turned on.
 * Immutable.
 */
public record JobRouterSection(boolean enabled) {

    static JobRouterSection read(MessageReader c) {
        return new JobRouterSection(c.flag("enabled",
                "take job requests of GitLab Runner (18.8 and newer) and pass them on to GitLab; not where GitLab has runner controllers"
                        + " admit jobs. OpenKAS only"));
    }
}
