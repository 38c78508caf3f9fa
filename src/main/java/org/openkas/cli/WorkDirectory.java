package org.openkas.cli;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.random.RandomGenerator;

/**
 * The only place where a server writes. One that the operator names is kept, which makes the next start quicker; else
 * it is a fresh one that only the server's user can read and that goes away with the server.
 */
final class WorkDirectory implements AutoCloseable {
    /** Open Liberty keeps what it found out about itself there; without room for that it would stay half started. */
    private static final long LEAST_FREE = 3L << 20;

    private final Path path;
    private final boolean fresh;

    private WorkDirectory(Path path, boolean fresh) {
        this.path = path;
        this.fresh = fresh;
    }

    /**
     * Makes the directory.
     *
     * @param named {@code OPENKAS_WORK_DIR}; empty for a fresh one
     * @param parent where fresh ones are made
     */
    static WorkDirectory make(String named, Path parent, RandomGenerator random) throws AbortedException {
        try {
            if (named.isEmpty()) {
                Path path = parent.toAbsolutePath().resolve("openkas-" + Long.toUnsignedString(random.nextLong(), 36));
                Files.createDirectory(path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
                return prepared(new WorkDirectory(path, true));
            }
            return prepared(new WorkDirectory(Files.createDirectories(Path.of(named).toAbsolutePath()), false));
        } catch (IOException e) {
            throw new AbortedException("work directory: " + e + " (set OPENKAS_WORK_DIR to a directory that the server may write to)", e);
        }
    }

    private static WorkDirectory prepared(WorkDirectory directory) throws IOException {
        Files.createDirectories(directory.temporary());
        FileStore device = Files.getFileStore(directory.path);
        long free = device.getUsableSpace();
        // some do not say how much they hold
        if (free < LEAST_FREE && device.getTotalSpace() > 0) {
            directory.close();
            throw new IOException(directory.path + ": no space left on device (" + free / 1024 + " KiB are free, a start needs "
                    + LEAST_FREE / 1024 + " KiB)");
        }
        return directory;
    }

    /** Open Liberty's output: its work area and logs. */
    Path liberty() {
        return path.resolve("liberty");
    }

    /** For what the application keeps, such as fetched repositories. */
    Path application() {
        return path.resolve("application");
    }

    /** For temporary files of the JVM and of libraries. */
    Path temporary() {
        return path.resolve("tmp");
    }

    /** The demo's files, unless they are elsewhere. */
    Path demo() {
        return path.resolve("demo");
    }

    /** Removes a fresh directory; what cannot be removed stays. */
    @Override
    public void close() {
        if (!fresh) {
            return;
        }
        try {
            Files.walkFileTree(path, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    Files.delete(file);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult postVisitDirectory(Path directory, IOException failure) throws IOException {
                    Files.delete(directory);
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            // a leftover in the temporary directory is the system's to clean; the server has ended well all the same
        }
    }
}
