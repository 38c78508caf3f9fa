package org.openkas.repository;

import java.util.Map;

/** Chooses the reader of a repository by the scheme of its address: what stands before the first colon. Thread-safe. */
public final class RepositoryReaders implements RepositoryReader {
    private final Map<String, RepositoryReader> byScheme;
    private final RepositoryReader otherwise;

    /**
     * Knows readers of special schemes, in lower case, such as {@code jgit}; {@code otherwise} takes all others, also what is
     * no address at all.
     */
    public RepositoryReaders(Map<String, RepositoryReader> byScheme, RepositoryReader otherwise) {
        this.byScheme = Map.copyOf(byScheme);
        this.otherwise = otherwise;
    }

    private RepositoryReader of(Repository repository) {
        String address = repository.gitaly().getAddress();
        return byScheme.getOrDefault(address.substring(0, Math.max(0, address.indexOf(':'))), otherwise);
    }

    @Override
    public Resolution resolve(Repository repository, String ref) throws RepositoryException, InterruptedException {
        return of(repository).resolve(repository, ref);
    }

    @Override
    public void read(Repository repository, String revision, String path, long maximumSize, Chunks chunks)
            throws RepositoryException, InterruptedException {
        of(repository).read(repository, revision, path, maximumSize, chunks);
    }

    @Override
    public void walk(Repository repository, String revision, String directory, boolean recursive, Visitor visitor)
            throws RepositoryException, InterruptedException {
        of(repository).walk(repository, revision, directory, recursive, visitor);
    }
}
