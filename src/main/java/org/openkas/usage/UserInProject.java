package org.openkas.usage;

/** Who did something, and where: ids of GitLab. Immutable. */
public record UserInProject(long userId, long projectId) {
}
