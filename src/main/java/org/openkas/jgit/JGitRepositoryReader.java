package org.openkas.jgit;

import io.grpc.Status;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.eclipse.jgit.api.Git;
import org.eclipse.jgit.api.errors.GitAPIException;
import org.eclipse.jgit.api.errors.JGitInternalException;
import org.eclipse.jgit.lib.Constants;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.ObjectReader;
import org.eclipse.jgit.lib.Ref;
import org.eclipse.jgit.storage.file.FileRepositoryBuilder;
import org.eclipse.jgit.transport.CredentialsProvider;
import org.eclipse.jgit.transport.URIish;
import org.eclipse.jgit.transport.UsernamePasswordCredentialsProvider;
import org.jspecify.annotations.Nullable;
import org.openkas.repository.Repository;
import org.openkas.repository.RepositoryException;
import org.openkas.repository.RepositoryReader;
import org.openkas.repository.Resolution;

/**
 * Reads any Git repository. Its address is {@code jgit:} followed by a directory of this host, bare or a working tree, or by a
 * URL of scheme {@code http}, {@code https}, {@code git} or {@code ssh} (with the host's {@code ssh} program). A token, if there
 * is one, is the password of user {@code oauth2}. Behaves and fails as a Gitaly server would.
 *
 * <p>A directory is opened anew for each question, so what was pushed is seen at once. Of a remote repository the refs are
 * asked for each time; commits are fetched when a file of theirs is wanted and kept below a work directory. Thread-safe.
 */
public final class JGitRepositoryReader implements RepositoryReader {
    private static final String REFS = "InfoRefsUploadPack.Recv";
    private static final String ENTRY = "TreeEntry.Recv";
    private static final String ENTRIES = "GetTreeEntries.Recv";
    private static final int TIMEOUT_SECONDS = 60;

    private final Path workDirectory;
    private final int mostCommits;
    private final Map<String, RemoteClone> clones = new ConcurrentHashMap<>();

    /** Keeps what it fetches below {@code workDirectory}, which need not exist and may be emptied while the server is down. */
    public JGitRepositoryReader(Path workDirectory) {
        this(workDirectory, 64);
    }

    JGitRepositoryReader(Path workDirectory, int mostCommits) {
        this.workDirectory = workDirectory;
        this.mostCommits = mostCommits;
        HostIndependentGit.install();
    }

    @Override
    public Resolution resolve(Repository repository, String ref) throws RepositoryException, InterruptedException {
        GitAddress address = begin(repository);
        try {
            return resolve(address, repository, ref);
        } catch (IOException | GitAPIException | JGitInternalException e) {
            throw GitFailure.of(REFS, "", e);
        }
    }

    private static Resolution resolve(GitAddress address, Repository repository, String ref)
            throws IOException, GitAPIException, RepositoryException, InterruptedException {
        return switch (address) {
            case GitAddress.Local(Path directory) -> {
                try (org.eclipse.jgit.lib.Repository git = open(directory)) {
                    yield choose(git, ref);
                }
            }
            case GitAddress.Remote(URIish url) -> {
                Map<String, Ref> refs = NetworkCall
                        .await(() -> Git.lsRemoteRepository().setRemote(url.toPrivateString()).setTimeout(TIMEOUT_SECONDS)
                                .setCredentialsProvider(credentials(repository)).callAsMap());
                yield RefChoice.choose(new RefChoice.Refs() {
                    @Override
                    public @Nullable Ref exact(String name) {
                        return refs.get(name);
                    }

                    @Override
                    public boolean any() {
                        return !refs.isEmpty();
                    }
                }, ref);
            }
        };
    }

    private static Resolution choose(org.eclipse.jgit.lib.Repository git, String ref) throws IOException, RepositoryException {
        return RefChoice.choose(new RefChoice.Refs() {
            @Override
            public @Nullable Ref exact(String name) throws IOException {
                return git.exactRef(name);
            }

            @Override
            public boolean any() throws IOException {
                return git.getRefDatabase().hasRefs();
            }
        }, ref);
    }

    @Override
    public void read(Repository repository, String revision, String path, long maximumSize, Chunks chunks)
            throws RepositoryException, InterruptedException {
        if (path.isEmpty()) {
            throw RepositoryException.rpcFailed(ENTRY, path, Status.INVALID_ARGUMENT.withDescription("empty Path").asException());
        }
        use(repository, revision, ENTRY, path, (objects, id) -> objects.read(id, path, maximumSize, chunks));
    }

    @Override
    public void walk(Repository repository, String revision, String directory, boolean recursive, Visitor visitor)
            throws RepositoryException, InterruptedException {
        if (directory.isEmpty()) {
            throw RepositoryException.invalidArgument(ENTRIES, directory,
                    Status.INVALID_ARGUMENT.withDescription("empty path").asException());
        }
        use(repository, revision, ENTRIES, directory, (objects, id) -> objects.walk(id, directory, recursive, visitor));
    }

    /** Does something with the objects of a repository, at a revision that may turn out to be missing. */
    private interface Use {
        void with(GitObjects objects, ObjectId revision) throws IOException, RepositoryException, InterruptedException;
    }

    private void use(Repository repository, String revision, String rpc, String path, Use use)
            throws RepositoryException, InterruptedException {
        GitAddress address = begin(repository);
        try {
            ObjectId id = id(address, repository, revision).orElseThrow(() -> RepositoryException.notFound(rpc, path));
            switch (address) {
                case GitAddress.Local(Path directory) -> {
                    try (org.eclipse.jgit.lib.Repository git = open(directory)) {
                        with(git, id, use);
                    }
                }
                case GitAddress.Remote(URIish url) -> {
                    RemoteClone clone = clones.computeIfAbsent(url.toString(), ignored -> new RemoteClone(url, workDirectory, mostCommits));
                    clone.use(id, credentials(repository), git -> with(git, id, use));
                }
            }
        } catch (IOException | GitAPIException | JGitInternalException e) {
            throw GitFailure.of(rpc, path, e);
        }
    }

    private static void with(org.eclipse.jgit.lib.Repository git, ObjectId id, Use use)
            throws IOException, RepositoryException, InterruptedException {
        try (ObjectReader objects = git.newObjectReader()) {
            use.with(new GitObjects(objects), id);
        }
    }

    private static Optional<ObjectId> id(GitAddress address, Repository repository, String revision)
            throws IOException, GitAPIException, InterruptedException {
        if (ObjectId.isId(revision)) {
            return Optional.of(ObjectId.fromString(revision));
        }
        try {
            return resolve(address, repository, revision) instanceof Resolution.Commit(String id)
                    ? Optional.of(ObjectId.fromString(id))
                    : Optional.empty();
        } catch (RepositoryException e) {
            // no such ref: the caller says what that means for what it reads
            return Optional.empty();
        }
    }

    private static GitAddress begin(Repository repository) throws RepositoryException, InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        return GitAddress.parse(repository.gitaly().getAddress());
    }

    private static @Nullable CredentialsProvider credentials(Repository repository) {
        String token = repository.gitaly().getToken();
        return token.isEmpty() ? null : new UsernamePasswordCredentialsProvider("oauth2", token);
    }

    private static org.eclipse.jgit.lib.Repository open(Path directory) throws IOException {
        FileRepositoryBuilder builder = new FileRepositoryBuilder().setMustExist(true);
        File place = directory.toFile();
        return (Files.exists(directory.resolve(Constants.DOT_GIT)) ? builder.setWorkTree(place) : builder.setGitDir(place)).build();
    }
}
