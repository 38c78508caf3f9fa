package org.openkas.jgit;

import java.io.IOException;
import org.eclipse.jgit.lib.Ref;
import org.jspecify.annotations.Nullable;
import org.openkas.repository.RepositoryException;
import org.openkas.repository.RepositoryReader;
import org.openkas.repository.Resolution;

/** Chooses among a repository's refs as chapter 02 §5.9 says. */
final class RefChoice {

    /** The refs of a repository. */
    interface Refs {
        /** The ref of this full name, if there is one. */
        @Nullable
        Ref exact(String name) throws IOException;

        /** Whether there is any ref. */
        boolean any() throws IOException;
    }

    private RefChoice() {
    }

    static Resolution choose(Refs refs, String wanted) throws IOException, RepositoryException {
        boolean head = wanted.equals(RepositoryReader.HEAD);
        if (head || wanted.startsWith("refs/")) {
            for (String name : head ? new String[]{wanted, "refs/heads/main", "refs/heads/master"} : new String[]{wanted}) {
                Ref ref = refs.exact(name);
                if (ref != null && ref.getObjectId() != null) {
                    return new Resolution.Commit(ref.getObjectId().name());
                }
            }
        }
        if (!refs.any()) {
            return new Resolution.Empty();
        }
        throw RepositoryException.notFound("InfoRefsUploadPack", head ? "default branch" : wanted);
    }
}
