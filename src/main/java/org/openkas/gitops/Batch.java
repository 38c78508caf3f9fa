package org.openkas.gitops;

import com.google.protobuf.ByteString;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.openkas.common.Glob;
import org.openkas.proto.gitops.PathCF;
import org.openkas.repository.Repository;
import org.openkas.repository.RepositoryException;
import org.openkas.repository.RepositoryReader;
import org.openkas.repository.TreeBlob;

/**
 * The files of one synchronisation: finds what the paths name at a commit and sends each file before it looks at the next one
 * (chapter 01 §5.5.6 to §5.5.8). Used once, by one thread.
 */
final class Batch {
    private final RepositoryReader reader;
    private final Repository repository;
    private final String commit;
    private final GitopsSettings settings;
    private final Outlet outlet;
    private final Set<String> seen = new HashSet<>();
    private long visited;
    private long sent;
    private long remaining;

    Batch(RepositoryReader reader, Repository repository, String commit, GitopsSettings settings, Outlet outlet) {
        this.reader = reader;
        this.repository = repository;
        this.commit = commit;
        this.settings = settings;
        this.outlet = outlet;
        remaining = settings.maximumTotalSize();
    }

    /** How many files were looked at. */
    long visited() {
        return visited;
    }

    /** How many files were sent. */
    long sent() {
        return sent;
    }

    /** Sends what all globs match, then all files that are named one by one. */
    void send(List<PathCF> paths) throws ManifestException, RepositoryException, InterruptedException {
        for (PathCF path : paths) {
            if (path.hasGlob()) {
                glob(GlobWalk.of(path.getGlob()));
            }
        }
        for (PathCF path : paths) {
            if (path.hasFile()) {
                visit(new TreeBlob(path.getFile(), commit), Optional.empty());
            }
        }
    }

    private void glob(GlobWalk walk) throws ManifestException, RepositoryException, InterruptedException {
        Refusal refusal = new Refusal();
        reader.walk(repository, commit, walk.directory(), walk.recursive(), blob -> {
            try {
                visit(blob, Optional.of(walk.glob()));
                return true;
            } catch (ManifestException e) {
                refusal.exception = e;
                return false;
            }
        });
        if (refusal.exception != null) {
            throw refusal.exception;
        }
    }

    /** Carries a failure out of a walk that was ended for it. */
    private static final class Refusal {
        private @Nullable ManifestException exception;
    }

    private void visit(TreeBlob blob, Optional<Glob> glob) throws ManifestException, RepositoryException, InterruptedException {
        if (visited == settings.maximumFiles()) {
            throw ManifestException.tooMany(settings.maximumFiles());
        }
        visited++;
        if ((glob.isPresent() && !matches(glob.get(), blob.path())) || hidden(blob.path())) {
            return;
        }
        if (!seen.add(blob.path())) {
            throw ManifestException.twice(blob.path());
        }
        reader.read(repository, blob, Math.min(remaining, settings.maximumFileSize()),
                chunk -> data(blob.path(), chunk));
        sent++;
    }

    private static boolean matches(Glob glob, String path) throws ManifestException {
        try {
            return glob.matches(path);
        } catch (Glob.MalformedException e) {
            throw ManifestException.badGlob(glob, e);
        }
    }

    private void data(String path, ByteString chunk) throws RepositoryException, InterruptedException {
        remaining -= chunk.size();
        if (remaining < 0) {
            // a total that is used up exactly reads as "no limit" where files are kept (chapter 01 §5.5.8)
            throw new RepositoryException(RepositoryException.Code.RPC_ERROR,
                    "rpc error: code = Internal desc = unexpected negative remaining total file size", null);
        }
        outlet.data(path, chunk);
    }

    /** Whether a directory on the way to the file has a name that begins with a dot. */
    private static boolean hidden(String path) {
        Deque<String> directories = new ArrayDeque<>();
        String[] names = path.split("/", -1);
        for (int i = 0; i < names.length - 1; i++) {
            boolean up = names[i].equals("..");
            if (up && !directories.isEmpty() && !directories.getLast().equals("..")) {
                directories.removeLast();
            } else if (up && path.startsWith("/")) {
                // there is nothing above the root
            } else if (!names[i].isEmpty() && !names[i].equals(".")) {
                directories.addLast(names[i]);
            }
        }
        return directories.stream().anyMatch(name -> name.startsWith("."));
    }
}
