package org.openkas.gitlab;

import org.openkas.proto.entity.GitalyInfo;
import org.openkas.proto.entity.GitalyRepository;

/**
 * Where a project's repository is (chapter 02 §3.3), for an agent that may read it.
 *
 * @param gitaly where the repository is served; in standalone mode an address with scheme {@code jgit}
 */
public record ProjectInfo(long projectId, GitalyInfo gitaly, GitalyRepository repository) {
}
