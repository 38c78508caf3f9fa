package org.openkas.gitaly;

import com.google.protobuf.ByteString;
import java.util.Optional;
import org.openkas.repository.RepositoryException;
import org.openkas.repository.RepositoryReader;
import org.openkas.repository.Resolution;

/**
 * Looks for one ref among those that an advertisement lists, byte for byte (chapter 02 §5.9). Takes note of {@code main} and
 * {@code master} on the way, which stand in for a {@code HEAD} that is not advertised. Not thread-safe.
 */
final class RefSearch implements RefAdvertisement.References {
    private static final ByteString MAIN = ByteString.copyFromUtf8("refs/heads/main");
    private static final ByteString MASTER = ByteString.copyFromUtf8("refs/heads/master");

    private final String wantedText;
    private final ByteString wanted;
    private boolean any;
    private Optional<ByteString> found = Optional.empty();
    private Optional<ByteString> main = Optional.empty();
    private Optional<ByteString> master = Optional.empty();

    RefSearch(String wanted) {
        wantedText = wanted;
        this.wanted = ByteString.copyFromUtf8(wanted);
    }

    @Override
    public boolean reference(ByteString id, ByteString name) {
        any = true;
        if (name.equals(wanted)) {
            found = Optional.of(id);
            return true;
        }
        if (name.equals(MAIN)) {
            main = Optional.of(id);
        } else if (name.equals(MASTER)) {
            master = Optional.of(id);
        }
        return false;
    }

    /** What the ref stands for, as far as references were seen. */
    Resolution resolution() throws RepositoryException {
        if (!any) {
            return new Resolution.Empty();
        }
        if (found.isEmpty() && !wantedText.equals(RepositoryReader.HEAD)) {
            throw RepositoryException.notFound("InfoRefsUploadPack", wantedText);
        }
        ByteString id = found.or(() -> main).or(() -> master)
                .orElseThrow(() -> RepositoryException.notFound("InfoRefsUploadPack", "default branch"));
        return new Resolution.Commit(id.toStringUtf8());
    }
}
