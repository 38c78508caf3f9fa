package org.openkas.agentconfiguration;

import com.google.protobuf.ByteString;
import org.openkas.repository.Repository;
import org.openkas.repository.RepositoryException;

/** Reads whole files of repositories, ideally once for everybody who asks at a time. Implementations are thread-safe. */
@FunctionalInterface
public interface ConfigurationFiles {

    /**
     * The content of a file; blocks.
     *
     * @param commit id of the commit that it is read at
     * @param maximumSize in bytes
     * @throws RepositoryException {@code NOT_FOUND}, {@code FILE_TOO_BIG}, {@code UNEXPECTED_TREE_ENTRY_TYPE}, or another
     *         code when it may work later
     */
    ByteString file(Repository repository, String commit, String path, long maximumSize)
            throws RepositoryException, InterruptedException;
}
