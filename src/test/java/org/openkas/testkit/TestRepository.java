package org.openkas.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.TreeMap;
import org.eclipse.jgit.dircache.DirCache;
import org.eclipse.jgit.dircache.DirCacheBuilder;
import org.eclipse.jgit.dircache.DirCacheEntry;
import org.eclipse.jgit.lib.CommitBuilder;
import org.eclipse.jgit.lib.Constants;
import org.eclipse.jgit.lib.FileMode;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.ObjectInserter;
import org.eclipse.jgit.lib.PersonIdent;
import org.eclipse.jgit.lib.Ref;
import org.eclipse.jgit.lib.RefUpdate;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.lib.TagBuilder;
import org.eclipse.jgit.revwalk.RevCommit;
import org.eclipse.jgit.revwalk.RevWalk;
import org.eclipse.jgit.storage.file.FileRepositoryBuilder;
import org.eclipse.jgit.treewalk.TreeWalk;
import org.openkas.jgit.HostIndependentGit;

/**
 * A bare Git repository on disk that tests commit to without a work tree. Branch and tag names are short. {@code HEAD}
 * names {@code main}, which does not exist before the first commit. All methods that change something return the full id of
 * what they made.
 */
public final class TestRepository implements AutoCloseable {
    private final Repository git;

    private TestRepository(Repository git) {
        this.git = git;
    }

    /** Makes an empty repository in a directory that does not exist yet or is empty. */
    public static TestRepository create(Path directory) {
        HostIndependentGit.install();
        try {
            Repository git = new FileRepositoryBuilder().setBare().setGitDir(directory.toFile()).build();
            git.create(true);
            TestRepository repository = new TestRepository(git);
            repository.head("main");
            return repository;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What a commit changes; starts from the branch's present files. */
    public static final class Change {
        private record Entry(FileMode mode, byte[] content) {
        }

        private final Map<String, Entry> entries = new TreeMap<>();

        /** Adds or replaces a regular file. */
        public Change file(String path, String content) {
            return file(path, content.getBytes(UTF_8));
        }

        /** Adds or replaces a regular file. */
        public Change file(String path, byte[] content) {
            entries.put(path, new Entry(FileMode.REGULAR_FILE, content.clone()));
            return this;
        }

        /** Adds or replaces a symbolic link. */
        public Change symlink(String path, String target) {
            entries.put(path, new Entry(FileMode.SYMLINK, target.getBytes(UTF_8)));
            return this;
        }

        /** Adds or replaces a submodule that is at the given commit. */
        public Change submodule(String path, String commit) {
            entries.put(path, new Entry(FileMode.GITLINK, commit.getBytes(UTF_8)));
            return this;
        }

        /** Removes a file, or all files below a directory. */
        public Change remove(String path) {
            entries.put(path, new Entry(FileMode.MISSING, new byte[0]));
            return this;
        }
    }

    /** Commits files, by path, on top of what the branch has; an empty map makes an empty commit. */
    public String commit(String branch, Map<String, String> files) {
        Change change = new Change();
        files.forEach(change::file);
        return commit(branch, change);
    }

    /** Commits a change on top of what the branch has; makes the branch if it does not exist. */
    public String commit(String branch, Change change) {
        try (ObjectInserter inserter = git.newObjectInserter()) {
            Ref parent = git.exactRef(Constants.R_HEADS + branch);
            CommitBuilder commit = new CommitBuilder();
            commit.setTreeId(tree(inserter, parent, change));
            if (parent != null) {
                commit.setParentId(parent.getObjectId());
            }
            PersonIdent author = new PersonIdent("Tester", "tester@example.org", Instant.ofEpochSecond(1_700_000_000L), ZoneOffset.UTC);
            commit.setAuthor(author);
            commit.setCommitter(author);
            commit.setMessage("Change " + change.entries.keySet());
            ObjectId id = inserter.insert(commit);
            inserter.flush();
            point(Constants.R_HEADS + branch, id);
            return id.name();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private ObjectId tree(ObjectInserter inserter, Ref parent, Change change) throws IOException {
        DirCache index = DirCache.newInCore();
        DirCacheBuilder builder = index.builder();
        if (parent != null) {
            try (RevWalk commits = new RevWalk(git); TreeWalk files = new TreeWalk(git)) {
                RevCommit commit = commits.parseCommit(parent.getObjectId());
                files.addTree(commit.getTree());
                files.setRecursive(true);
                while (files.next()) {
                    if (change.entries.keySet().stream().noneMatch(path -> covers(path, files.getPathString()))) {
                        builder.add(entry(files.getPathString(), files.getFileMode(0), files.getObjectId(0)));
                    }
                }
            }
        }
        for (Map.Entry<String, Change.Entry> added : change.entries.entrySet()) {
            FileMode mode = added.getValue().mode();
            if (mode == FileMode.GITLINK) {
                builder.add(entry(added.getKey(), mode, ObjectId.fromString(new String(added.getValue().content(), UTF_8))));
            } else if (mode != FileMode.MISSING) {
                builder.add(entry(added.getKey(), mode, inserter.insert(Constants.OBJ_BLOB, added.getValue().content())));
            }
        }
        builder.finish();
        return index.writeTree(inserter);
    }

    private static boolean covers(String changed, String path) {
        return path.equals(changed) || path.startsWith(changed + "/");
    }

    private static DirCacheEntry entry(String path, FileMode mode, ObjectId id) {
        DirCacheEntry entry = new DirCacheEntry(path);
        entry.setFileMode(mode);
        entry.setObjectId(id);
        return entry;
    }

    /** Lets a branch name a commit, whatever it named before. */
    public void branch(String name, String commit) {
        point(Constants.R_HEADS + name, ObjectId.fromString(commit));
    }

    /** Lets a light tag name a commit. */
    public void tag(String name, String commit) {
        point(Constants.R_TAGS + name, ObjectId.fromString(commit));
    }

    /** Makes an annotated tag; returns the id of the tag object. */
    public String annotatedTag(String name, String commit) {
        try (ObjectInserter inserter = git.newObjectInserter()) {
            TagBuilder tag = new TagBuilder();
            tag.setTag(name);
            tag.setObjectId(ObjectId.fromString(commit), Constants.OBJ_COMMIT);
            tag.setTagger(new PersonIdent("Tester", "tester@example.org", Instant.ofEpochSecond(1_700_000_000L), ZoneOffset.UTC));
            tag.setMessage("Tag " + name);
            ObjectId id = inserter.insert(tag);
            inserter.flush();
            point(Constants.R_TAGS + name, id);
            return id.name();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Removes a ref, given by its full name. */
    public void remove(String ref) {
        try {
            RefUpdate update = git.updateRef(ref);
            update.setForceUpdate(true);
            update.delete();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Lets {@code HEAD} name a branch, which need not exist. */
    public void head(String branch) {
        try {
            git.updateRef(Constants.HEAD).link(Constants.R_HEADS + branch);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void point(String ref, ObjectId id) {
        try {
            RefUpdate update = git.updateRef(ref);
            update.setNewObjectId(id);
            RefUpdate.Result result = update.forceUpdate();
            switch (result) {
                case NEW, FORCED, FAST_FORWARD, NO_CHANGE -> {
                }
                default -> throw new IllegalStateException("cannot update " + ref + ": " + result);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Where the repository lies. */
    public Path directory() {
        return git.getDirectory().toPath();
    }

    /** JGit's own view; closed with this object. */
    public Repository git() {
        return git;
    }

    @Override
    public void close() {
        git.close();
    }
}
