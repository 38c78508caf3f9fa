package org.openkas.jgit;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import org.eclipse.jgit.errors.IncorrectObjectTypeException;
import org.eclipse.jgit.errors.MissingObjectException;
import org.eclipse.jgit.lib.Constants;
import org.eclipse.jgit.lib.FileMode;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.ObjectLoader;
import org.eclipse.jgit.lib.ObjectReader;
import org.eclipse.jgit.revwalk.RevWalk;
import org.eclipse.jgit.treewalk.TreeWalk;
import org.openkas.repository.RepositoryException;
import org.openkas.repository.RepositoryReader.Chunks;
import org.openkas.repository.RepositoryReader.Visitor;
import org.openkas.repository.TreeBlob;

/** Reads files and trees of one repository that is at hand. For one thread. */
final class GitObjects {
    private static final int CHUNK = 32 * 1024;

    private final ObjectReader objects;

    GitObjects(ObjectReader objects) {
        this.objects = objects;
    }

    /** The file at a path of a commit or tag; the failures are those of a Gitaly server. */
    void read(ObjectId revision, String path, long maximumSize, Chunks chunks)
            throws IOException, RepositoryException, InterruptedException {
        Optional<ObjectId> root = tree(revision);
        if (root.isEmpty() || !plain(path)) {
            throw RepositoryException.notFound("TreeEntry.Recv", path);
        }
        try (TreeWalk found = TreeWalk.forPath(objects, path, root.get())) {
            if (found == null) {
                throw RepositoryException.notFound("TreeEntry.Recv", path);
            }
            if (found.getFileMode(0).getObjectType() != Constants.OBJ_BLOB) {
                throw RepositoryException.unexpectedTreeEntryType(path);
            }
            ObjectLoader file = objects.open(found.getObjectId(0), Constants.OBJ_BLOB);
            if (maximumSize > 0 && file.getSize() > maximumSize) {
                throw RepositoryException.fileTooBig(path, Status.FAILED_PRECONDITION.withDescription(
                        "object size (" + file.getSize() + ") is bigger than the maximum allowed size (" + maximumSize + ")")
                        .asException());
            }
            send(file, chunks);
        }
    }

    private static void send(ObjectLoader file, Chunks chunks) throws IOException, RepositoryException, InterruptedException {
        try (InputStream content = file.openStream()) {
            long left = file.getSize();
            do {
                stopIfInterrupted();
                byte[] piece = content.readNBytes((int) Math.min(CHUNK, left));
                left -= piece.length;
                chunks.accept(ByteString.copyFrom(piece));
            } while (left > 0);
        }
    }

    /** The files below a directory of a commit or tag. */
    void walk(ObjectId revision, String directory, boolean recursive, Visitor visitor)
            throws IOException, RepositoryException, InterruptedException {
        Optional<ObjectId> root = tree(revision);
        Optional<ObjectId> start = root.isPresent() ? directory(root.get(), directory) : Optional.empty();
        if (start.isEmpty()) {
            throw RepositoryException.notFound("GetTreeEntries.Recv", directory);
        }
        String prefix = directory.equals(".") ? "" : directory + "/";
        try (TreeWalk files = new TreeWalk(objects)) {
            files.addTree(start.get());
            files.setRecursive(recursive);
            while (files.next()) {
                stopIfInterrupted();
                if (files.getFileMode(0).getObjectType() == Constants.OBJ_BLOB
                        && !visitor.visit(new TreeBlob(prefix + files.getPathString(), revision.name(), files.getObjectId(0).name()))) {
                    return;
                }
            }
        }
    }

    private Optional<ObjectId> directory(ObjectId root, String directory) throws IOException {
        if (directory.equals(".")) {
            return Optional.of(root);
        }
        if (!plain(directory)) {
            return Optional.empty();
        }
        try (TreeWalk found = TreeWalk.forPath(objects, directory, root)) {
            return found != null && FileMode.TREE.equals(found.getFileMode(0)) ? Optional.of(found.getObjectId(0)) : Optional.empty();
        }
    }

    private Optional<ObjectId> tree(ObjectId revision) throws IOException {
        try (RevWalk commits = new RevWalk(objects)) {
            return Optional.of(commits.parseTree(revision).copy());
        } catch (MissingObjectException | IncorrectObjectTypeException e) {
            return Optional.empty();
        }
    }

    /** Whether a path has nothing but names in it; JGit would ignore slashes at the end. */
    private static boolean plain(String path) {
        for (String name : path.split("/", -1)) {
            if (name.isEmpty() || name.equals(".") || name.equals("..")) {
                return false;
            }
        }
        return true;
    }

    private static void stopIfInterrupted() throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
    }
}
