package org.openkas.repository;

/** A reader for tests that only resolve refs. */
abstract class OnlyResolving implements RepositoryReader {
    @Override
    public void read(Repository repository, String revision, String path, long maximumSize, Chunks chunks) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void walk(Repository repository, String revision, String directory, boolean recursive, Visitor visitor) {
        throw new UnsupportedOperationException();
    }
}
