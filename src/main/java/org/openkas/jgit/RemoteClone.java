package org.openkas.jgit;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.concurrent.locks.ReentrantLock;
import org.eclipse.jgit.api.FetchCommand;
import org.eclipse.jgit.api.Git;
import org.eclipse.jgit.api.errors.GitAPIException;
import org.eclipse.jgit.lib.Constants;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.RefUpdate;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.storage.file.FileRepositoryBuilder;
import org.eclipse.jgit.transport.CredentialsProvider;
import org.eclipse.jgit.transport.RefSpec;
import org.eclipse.jgit.transport.TagOpt;
import org.eclipse.jgit.transport.URIish;
import org.eclipse.jgit.util.FileUtils;
import org.jspecify.annotations.Nullable;
import org.openkas.repository.RepositoryException;

/**
 * What was fetched of one remote repository: single commits without their history, as far as the remote allows. Only one
 * fetch runs at a time. After a number of commits it begins anew in a second directory, which keeps it small; the other one is
 * deleted when nobody reads it any more. Thread-safe.
 */
final class RemoteClone {
    private static final String KEPT = "refs/openkas/";
    private static final int TIMEOUT_SECONDS = 60;

    private final URIish url;
    private final int mostCommits;
    private final Copy first;
    private final Copy second;
    private final ReentrantLock fetching = new ReentrantLock();
    private Copy current;

    RemoteClone(URIish url, Path workDirectory, int mostCommits) {
        this.url = url;
        this.mostCommits = mostCommits;
        Path parent = workDirectory.resolve(name(url));
        first = new Copy(parent.resolve("first.git"));
        second = new Copy(parent.resolve("second.git"));
        current = first;
    }

    private static String name(URIish url) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(url.toString().getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest, 0, 16);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java runtime has SHA-256", e);
        }
    }

    /** A directory, and how many read it. */
    private static final class Copy {
        final Path directory;
        int users;

        Copy(Path directory) {
            this.directory = directory;
        }
    }

    /** Does something with a repository. */
    interface Use {
        void with(Repository repository) throws IOException, RepositoryException, InterruptedException;
    }

    /** Fetches a commit or tag unless it is here already, and hands over a repository that has it, if the remote does. */
    void use(ObjectId revision, @Nullable CredentialsProvider credentials, Use use)
            throws IOException, GitAPIException, RepositoryException, InterruptedException {
        Copy copy = having(revision, credentials);
        try (Repository repository = open(copy)) {
            use.with(repository);
        } finally {
            leave(copy);
        }
    }

    private Copy having(ObjectId revision, @Nullable CredentialsProvider credentials)
            throws IOException, GitAPIException, InterruptedException {
        Copy copy = enter();
        boolean found = false;
        try {
            found = has(copy, revision);
        } finally {
            if (!found) {
                leave(copy);
            }
        }
        if (found) {
            return copy;
        }
        NetworkCall.await(() -> {
            fetch(revision, credentials);
            return revision;
        });
        return enter();
    }

    private void fetch(ObjectId revision, @Nullable CredentialsProvider credentials)
            throws IOException, GitAPIException, InterruptedException {
        fetching.lockInterruptibly();
        try {
            if (commits(current()) >= mostCommits) {
                replace();
            }
            Copy copy = current();
            if (!has(copy, revision)) {
                fetchInto(copy, revision, credentials);
            }
        } finally {
            fetching.unlock();
        }
    }

    private synchronized Copy current() {
        return current;
    }

    private synchronized Copy enter() {
        current.users++;
        return current;
    }

    private void leave(Copy copy) throws IOException {
        synchronized (this) {
            copy.users--;
        }
        deleteIfOutdated(copy);
    }

    private void deleteIfOutdated(Copy copy) throws IOException {
        synchronized (this) {
            if (copy == current || copy.users > 0) {
                return;
            }
        }
        fetching.lock();
        try {
            boolean unused;
            synchronized (this) {
                unused = copy != current && copy.users == 0;
            }
            if (unused) {
                FileUtils.delete(copy.directory.toFile(), FileUtils.RECURSIVE | FileUtils.SKIP_MISSING);
            }
        } finally {
            fetching.unlock();
        }
    }

    /** Goes on in the other directory, unless that one is still read. Called by who fetches. */
    private void replace() throws IOException {
        Copy old = current();
        Copy other = old == first ? second : first;
        synchronized (this) {
            if (other.users > 0) {
                return;
            }
        }
        FileUtils.delete(other.directory.toFile(), FileUtils.RECURSIVE | FileUtils.SKIP_MISSING);
        synchronized (this) {
            current = other;
        }
        deleteIfOutdated(old);
    }

    private void fetchInto(Copy copy, ObjectId revision, @Nullable CredentialsProvider credentials) throws GitAPIException, IOException {
        if (!begun(copy)) {
            FileUtils.delete(copy.directory.toFile(), FileUtils.RECURSIVE | FileUtils.SKIP_MISSING);
        }
        try (Repository repository = open(copy); Git git = new Git(repository)) {
            if (!begun(copy)) {
                repository.create(true);
            }
            try {
                command(git, credentials).setDepth(1).setRefSpecs(new RefSpec(revision.name())).call();
                keep(repository, revision);
            } catch (GitAPIException e) {
                if (Thread.currentThread().isInterrupted()) {
                    throw e;
                }
                // the remote may give away only what its refs name: take them all, with their history
                command(git, credentials).setUnshallow(true).setRefSpecs(new RefSpec("+refs/*:refs/remote/*")).call();
            }
        }
    }

    private FetchCommand command(Git git, @Nullable CredentialsProvider credentials) {
        return git.fetch().setRemote(url.toPrivateString()).setCredentialsProvider(credentials).setTimeout(TIMEOUT_SECONDS)
                .setTagOpt(TagOpt.NO_TAGS);
    }

    /** Names a commit, so that the next fetch can build on it. */
    private static void keep(Repository repository, ObjectId revision) throws IOException {
        RefUpdate update = repository.updateRef(KEPT + revision.name());
        update.setNewObjectId(revision);
        update.forceUpdate();
    }

    private static int commits(Copy copy) throws IOException {
        if (!begun(copy)) {
            return 0;
        }
        try (Repository repository = open(copy)) {
            return repository.getRefDatabase().getRefsByPrefix(KEPT).size();
        }
    }

    private static boolean has(Copy copy, ObjectId revision) throws IOException {
        if (!begun(copy)) {
            return false;
        }
        try (Repository repository = open(copy)) {
            return repository.getObjectDatabase().has(revision);
        }
    }

    private static boolean begun(Copy copy) {
        return Files.exists(copy.directory.resolve(Constants.HEAD));
    }

    private static Repository open(Copy copy) throws IOException {
        return new FileRepositoryBuilder().setBare().setGitDir(copy.directory.toFile()).build();
    }
}
