package org.openkas.config;

import java.util.List;
import java.util.function.Predicate;

/**
 * Something about a valid configuration that the operator should know. Immutable.
 *
 * @param applies whether to say it
 * @param text what to say
 */
record Notice(Predicate<KasConfiguration> applies, String text) {

    /** What a file can ask for and this server does not have yet. Whoever builds a capability removes its line. */
    static final List<Notice> NOT_YET = List.of(
            new Notice(c -> c.observability().googleProfiler().enabled(),
                    "observability.google_profiler: this server sends no profiles by itself: Google's profiler for Java is an agent of"
                            + " the JVM; name it in OPENKAS_JVM_OPTIONS, see docs/telemetry.md, and set enabled: false"),
            new Notice(KasConfiguration::workspacesEnabled,
                    "workspaces: workspaces are not available yet: nothing listens for them"));

    /** What follows from sections that old files leave out. */
    static final List<Notice> ABSENT = List.of(
            new Notice(c -> c.gitlab().isPresent() && c.api().isEmpty(), "api: the section is absent: GitLab cannot call this server"),
            new Notice(c -> c.gitlab().isPresent() && c.privateApi().isEmpty(),
                    "private_api: the section is absent: other servers cannot call this server"));
}
