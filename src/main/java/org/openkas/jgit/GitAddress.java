package org.openkas.jgit;

import java.net.URISyntaxException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Set;
import org.eclipse.jgit.transport.URIish;
import org.openkas.repository.RepositoryException;
import org.openkas.repository.RepositoryException.Code;

/** Where a repository lies: {@code jgit:} followed by a path of this host or a URL. */
sealed interface GitAddress {
    /** How such addresses begin. */
    String PREFIX = "jgit:";

    /** A directory of this host: a bare repository or a working tree. */
    record Local(Path directory) implements GitAddress {
    }

    /** Somewhere else. */
    record Remote(URIish url) implements GitAddress {
    }

    /**
     * Understands an address. A {@code file} URL is a path.
     *
     * @throws RepositoryException with code {@code UNKNOWN} if it is neither a path nor a URL that can be fetched
     */
    static GitAddress parse(String address) throws RepositoryException {
        String place = address.startsWith(PREFIX) ? address.substring(PREFIX.length()) : "";
        if (place.isEmpty()) {
            throw invalid("nothing follows " + PREFIX);
        }
        try {
            URIish url = new URIish(place);
            String scheme = url.getScheme() == null ? "" : url.getScheme();
            if (scheme.isEmpty() && url.getHost() == null) {
                return new Local(Path.of(place).toAbsolutePath().normalize());
            }
            if (scheme.equals("file")) {
                return new Local(Path.of(url.getPath()).normalize());
            }
            if (scheme.isEmpty() || Set.of("http", "https", "git", "ssh").contains(scheme)) {
                return new Remote(url);
            }
            throw invalid("scheme " + scheme + " is not one of file, git, http, https, ssh");
        } catch (URISyntaxException | InvalidPathException e) {
            throw invalid("it is neither a path nor a URL");
        }
    }

    private static RepositoryException invalid(String reason) {
        // without the address itself, which may hold a password
        return new RepositoryException(Code.UNKNOWN, "invalid repository address: " + reason, null);
    }
}
