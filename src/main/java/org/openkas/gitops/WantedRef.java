package org.openkas.gitops;

import org.openkas.proto.gitops.GitRefCF;
import org.openkas.proto.gitops.ObjectsToSynchronizeRequest;
import org.openkas.repository.RepositoryReader;

/** What of a project an agent wants (chapter 01 §5.5.5). */
sealed interface WantedRef {

    /** What a ref names, now and later; {@code name} is a full one, or {@link RepositoryReader#HEAD}. */
    record Named(String name) implements WantedRef {
    }

    /** One commit; nobody checks whether it is one. */
    record Fixed(String commit) implements WantedRef {
    }

    /** As the request says. Names are taken as they are: no prefix is removed or guessed. */
    static WantedRef of(ObjectsToSynchronizeRequest request) {
        GitRefCF ref = request.getRef();
        return switch (ref.getRefCase()) {
            case TAG -> new Named("refs/tags/" + ref.getTag());
            case BRANCH -> new Named("refs/heads/" + ref.getBranch());
            case COMMIT -> new Fixed(ref.getCommit());
            case REF_NOT_SET -> new Named(RepositoryReader.HEAD);
        };
    }
}
