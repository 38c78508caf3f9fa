package org.openkas.config;

import java.time.Duration;

/** {@code agent.gitops}: manifests for agents up to 16.11 (chapter 05 §4.3). Immutable; sizes are in bytes. */
public record GitopsSection(Duration pollPeriod, Duration projectInfoCacheTtl, Duration projectInfoCacheErrorTtl, long maxManifestFileSize,
        long maxTotalManifestFileSize, long maxNumberOfPaths, long maxNumberOfFiles) {

    static GitopsSection read(MessageReader c) {
        return new GitopsSection(
                c.duration("poll_period", "how often manifest projects are asked for a new commit").must(Rule.positive())
                        .orElse(Duration.ofMinutes(5)),
                c.duration("project_info_cache_ttl", "how long what GitLab says about a project is kept. 0s keeps nothing")
                        .must(Rule.zeroOrLonger()).orElse(Duration.ofMinutes(5)),
                c.duration("project_info_cache_error_ttl", "how long GitLab's refusal to tell about a project is kept")
                        .must(Rule.positive()).orElse(Duration.ofMinutes(1)),
                c.size("max_manifest_file_size", "greatest size of one manifest file, in bytes. 0 means the default").orElse(5L << 20),
                c.size("max_total_manifest_file_size",
                        "greatest size of all manifest files of one synchronisation, in bytes. 0 means the default").orElse(20L << 20),
                c.size("max_number_of_paths", "how many paths an agent may list. 0 means the default").orElse(100L),
                c.size("max_number_of_files", "how many files one synchronisation may look at. 0 means the default").orElse(1000L));
    }
}
