package org.openkas.gitops;

import java.time.Duration;

/**
 * What an operator sets about manifests, {@code agent.gitops}.
 *
 * @param pollPeriod how often a waiting agent's project is looked up again
 * @param maximumFileSize of one file, in bytes
 * @param maximumTotalSize of all files of one synchronisation, in bytes
 * @param maximumPaths how many paths a request may have
 * @param maximumFiles how many files one synchronisation may look at
 */
public record GitopsSettings(Duration pollPeriod, long maximumFileSize, long maximumTotalSize, long maximumPaths, long maximumFiles) {
}
