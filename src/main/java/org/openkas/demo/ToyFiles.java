package org.openkas.demo;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/** A small file system in memory: absolute paths, files and directories, a bound on the whole. Thread-safe. */
final class ToyFiles {
    private static final long LARGEST = 16L * 1024 * 1024;

    /** Content by path; a directory has none. */
    private final TreeMap<String, Optional<byte[]>> entries = new TreeMap<>();
    private long size;

    ToyFiles() {
        entries.put("/", Optional.empty());
    }

    /** The absolute path that {@code path} means in {@code directory}. */
    static String resolve(String directory, String path) {
        Deque<String> parts = new ArrayDeque<>();
        for (String part : (path.startsWith("/") ? path : directory + "/" + path).split("/", -1)) {
            switch (part) {
                case "", "." -> {
                    // stays here
                }
                case ".." -> parts.pollLast();
                default -> parts.addLast(part);
            }
        }
        return "/" + String.join("/", parts);
    }

    synchronized boolean isDirectory(String path) {
        return entries.containsKey(path) && entries.get(path).isEmpty();
    }

    /** The content of a file, if it is one. */
    synchronized Optional<byte[]> read(String path) {
        return entries.getOrDefault(path, Optional.empty());
    }

    /** Makes or replaces a file. */
    synchronized void write(String path, byte[] content) throws IOException {
        if (isDirectory(path)) {
            throw new IOException(path + ": Is a directory");
        }
        if (!isDirectory(parent(path))) {
            throw new IOException(path + ": No such file or directory");
        }
        long after = size + content.length - read(path).map(old -> old.length).orElse(0);
        if (after > LARGEST) {
            throw new IOException(path + ": No space left on device");
        }
        size = after;
        entries.put(path, Optional.of(content.clone()));
    }

    /** Makes a directory and those above it. */
    synchronized void makeDirectory(String path) {
        if (!entries.containsKey(path)) {
            makeDirectory(parent(path));
            entries.put(path, Optional.empty());
        }
    }

    /** Removes a file, or a directory with all below it; whether it was there. */
    synchronized boolean remove(String path) {
        List<String> gone = entries.keySet().stream().filter(entry -> entry.equals(path) || entry.startsWith(path + "/")).toList();
        gone.forEach(entry -> {
            size -= entries.getOrDefault(entry, Optional.empty()).map(content -> content.length).orElse(0);
            entries.remove(entry);
        });
        return !gone.isEmpty();
    }

    /** The names in a directory. */
    synchronized List<String> names(String directory) {
        return entries.keySet().stream().filter(path -> !path.equals("/") && parent(path).equals(directory))
                .map(path -> path.substring(path.lastIndexOf('/') + 1)).toList();
    }

    private static String parent(String path) {
        int slash = path.lastIndexOf('/');
        return slash <= 0 ? "/" : path.substring(0, slash);
    }
}
