package org.openkas.standalone;

import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import java.util.zip.CRC32;
import org.openkas.common.AgentToken;
import org.openkas.common.AgentType;
import org.openkas.gitlab.AgentInfo;
import org.openkas.proto.entity.GitalyInfo;
import org.openkas.proto.entity.GitalyRepository;

/**
 * One agent of the agents file.
 *
 * @param id what the agent is told it is; stable over reloads
 * @param repository a path or URL
 * @param project the full path that push events and log lines name the repository by
 * @param ref a branch, without {@code refs/heads/}
 */
public record StandaloneAgent(String name, long id, AgentToken token, String repository, String project, String ref) {
    /** How an address says that the repository is read by JGit. */
    public static final String SCHEME = "jgit";

    /** Names that GitLab allows for agents. */
    static final Pattern NAME = Pattern.compile("[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?");

    private static final String UNUSED = "standalone";

    /** The id of an agent whose entry gives none: the same for the same name, wherever it stands in the file. */
    static long idOf(String name) {
        CRC32 sum = new CRC32();
        sum.update(name.getBytes(StandardCharsets.UTF_8));
        return Math.max(1, sum.getValue() & 0x7fff_ffff);
    }

    /** The same in the words of GitLab's answer; the configuration project's id is the agent's. */
    AgentInfo info() {
        GitalyInfo access = GitalyInfo.newBuilder().setAddress(SCHEME + ":" + repository).build();
        GitalyRepository where = GitalyRepository.newBuilder().setStorageName(UNUSED).setRelativePath(repository).setGlRepository(UNUSED)
                .setGlProjectPath(project).build();
        return new AgentInfo(AgentType.AGENTK, id, name, id, access, where, ref);
    }
}
