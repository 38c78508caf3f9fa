package org.openkas.config;

/** {@code observability.google_profiler} (chapter 05 §4.4). Immutable. */
public record GoogleProfilerSection(boolean enabled, String projectId, String credentialsFile, boolean debugLogging) {

    static GoogleProfilerSection read(MessageReader c) {
        return new GoogleProfilerSection(c.flag("enabled", "whether to send profiles to Google Cloud Profiler"),
                c.text("project_id", "project that profiles are filed under").orElse(""),
                c.text("credentials_file", "file with the credentials for it").orElse(""),
                c.flag("debug_logging", "whether the profiler logs what it does"));
    }
}
