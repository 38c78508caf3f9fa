package org.openkas.config;

/** {@code observability.google_profiler} (chapter 05 §4.4). Immutable. */
public record GoogleProfilerSection(boolean enabled, String projectId, String credentialsFile, boolean debugLogging) {

    static GoogleProfilerSection read(MessageReader c) {
        return new GoogleProfilerSection(
                c.flag("enabled", "whether profiles are wanted; this server sends none by itself and says so at the start"),
                c.text("project_id", "project that profiles are filed under; no effect").orElse(""),
                c.text("credentials_file", "file with the credentials for it; no effect").orElse(""),
                c.flag("debug_logging", "whether the profiler logs what it does; no effect"));
    }
}
