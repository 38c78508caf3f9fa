package org.openkas.repository;

import org.openkas.proto.entity.GitalyInfo;
import org.openkas.proto.entity.GitalyRepository;

/** A repository and where it is served. Equal repositories with equal access share connections and pollers. */
public record Repository(GitalyInfo gitaly, GitalyRepository repository) {

    /** Full path of the project, such as {@code group/project}. */
    public String projectPath() {
        return repository.getGlProjectPath();
    }

    @Override
    public String toString() {
        // an address may be a URL with a password in it
        String address = gitaly.getAddress().replaceFirst("//[^/@]*@", "//");
        return "Repository[" + address + ", " + repository.getRelativePath() + "]";
    }
}
