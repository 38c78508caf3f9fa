package org.openkas.config;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Locale;

/** Whole files, with the error texts that operators of KAS know and search for (chapter 05 §3.1, §6.1). */
final class FileContent {
    /** No honest file is larger, and a device may have no end. */
    private static final int MOST_BYTES = 16 << 20;

    private FileContent() {
    }

    /** The bytes of the file at {@code name}. */
    static byte[] read(String name) throws ConfigurationException {
        Path path;
        try {
            path = Path.of(name);
        } catch (InvalidPathException e) {
            throw new ConfigurationException("open " + name + ": invalid argument", e);
        }
        if (name.isEmpty()) {
            throw new ConfigurationException("open : no such file or directory");
        }
        if (Files.isDirectory(path)) {
            throw new ConfigurationException("read " + name + ": is a directory");
        }
        try (InputStream file = Files.newInputStream(path)) {
            byte[] bytes = file.readNBytes(MOST_BYTES + 1);
            if (bytes.length > MOST_BYTES) {
                throw new ConfigurationException("read " + name + ": file too large (more than " + (MOST_BYTES >> 20)
                        + " MiB; the wrong file?)");
            }
            return bytes;
        } catch (IOException e) {
            throw new ConfigurationException("open " + name + ": " + reason(e), e);
        }
    }

    /** The system's reason for {@code failure}, in the words that are known. */
    static String reason(IOException failure) {
        return switch (failure) {
            case NoSuchFileException _ -> "no such file or directory";
            case AccessDeniedException _ -> "permission denied";
            case FileSystemException e when e.getReason() != null -> words(e.getReason());
            default -> words(String.valueOf(failure.getMessage()));
        };
    }

    /** The system's own words begin small in the texts that are known. */
    private static String words(String reason) {
        String plain = reason.replace(" or unable to access attributes of symbolic link", "");
        return plain.substring(0, Math.min(1, plain.length())).toLowerCase(Locale.ROOT) + plain.substring(Math.min(1, plain.length()));
    }
}
