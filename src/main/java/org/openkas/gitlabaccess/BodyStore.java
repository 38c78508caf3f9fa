package org.openkas.gitlabaccess;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Set;
import java.util.UUID;

/**
 * Room for the bodies of requests, which are collected before they are sent (chapter 01 §5.6.1): small ones stay in memory,
 * others go to files that nobody else can open. All together stay within the limits, because who sends them is not known yet.
 * Thread-safe.
 */
public final class BodyStore {
    private final Path directory;
    private final Limits limits;
    private long memory;
    private long disk;
    private int files;

    /**
     * How much is kept.
     *
     * @param small up to how many bytes a body stays in memory
     * @param memory bytes of all bodies in memory
     * @param disk bytes of all bodies in files
     * @param files how many bodies are in files at once
     */
    public record Limits(int small, long memory, long disk, int files) {
        /** A body of an agent is usually a few kilobytes. */
        public static final Limits USUAL = new Limits(64 << 10, 32L << 20, 1L << 30, 256);
    }

    /** There is no room left. */
    static final class FullException extends IOException {
        private static final long serialVersionUID = 1L;

        FullException() {
            super("too much waits to be sent to GitLab, try again later");
        }
    }

    /** With files in {@code directory}, which is made when the first one is needed. */
    public BodyStore(Path directory, Limits limits) {
        this.directory = directory;
        this.limits = limits;
    }

    /** An empty body; it must be closed. */
    CollectedBody begin() {
        return new CollectedBody(this);
    }

    /** Whether {@code bytes} more of a body that has {@code before} may stay in memory; {@link #giveMemory} gives them back. */
    synchronized boolean takeMemory(long before, int bytes) {
        if (before + bytes > limits.small() || memory + bytes > limits.memory()) {
            return false;
        }
        memory += bytes;
        return true;
    }

    synchronized void giveMemory(long bytes) {
        memory -= bytes;
    }

    /** Room in files; {@link #giveDisk} gives it back. */
    synchronized void takeDisk(long bytes) throws FullException {
        if (disk + bytes > limits.disk()) {
            throw new FullException();
        }
        disk += bytes;
    }

    synchronized void giveDisk(long bytes) {
        disk -= bytes;
    }

    /** A new file, gone when it is closed; {@link #giveFile} gives its place back. */
    FileChannel takeFile() throws IOException {
        synchronized (this) {
            if (files == limits.files()) {
                throw new FullException();
            }
            files++;
        }
        try {
            Set<PosixFilePermission> ours = PosixFilePermissions.fromString("rw-------");
            return FileChannel.open(Files.createDirectories(directory).resolve(UUID.randomUUID().toString()),
                    EnumSet.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE,
                            StandardOpenOption.DELETE_ON_CLOSE),
                    PosixFilePermissions.asFileAttribute(ours));
        } catch (IOException e) {
            giveFile();
            throw e;
        }
    }

    synchronized void giveFile() {
        files--;
    }

    /** Whether nothing is kept. */
    synchronized boolean isEmpty() {
        return memory == 0 && disk == 0 && files == 0;
    }
}
