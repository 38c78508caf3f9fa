package org.openkas.demo;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Packs and unpacks files of a {@link ToyFiles} as tar does, as far as {@code kubectl cp} needs it: ustar with long names. */
final class ToyTar {
    private static final int BLOCK = 512;

    private final ToyFiles files;

    ToyTar(ToyFiles files) {
        this.files = files;
    }

    /** Writes what is at {@code path}, an absolute path, and below it; names lose their first slash. */
    void pack(String path, OutputStream out) throws IOException {
        add(path, out);
        out.write(new byte[2 * BLOCK]);
    }

    private void add(String path, OutputStream out) throws IOException {
        String name = path.substring(1);
        if (files.isDirectory(path)) {
            if (!name.isEmpty()) {
                out.write(header(name + "/", 0, '5'));
            }
            for (String below : files.names(path)) {
                add(ToyFiles.resolve(path, below), out);
            }
            return;
        }
        byte[] content = files.read(path).orElseThrow(() -> new IOException(path + ": Cannot stat: No such file or directory"));
        out.write(header(name, content.length, '0'));
        padded(content, out);
    }

    private static byte[] header(String name, int size, char type) throws IOException {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        byte[] header = new byte[BLOCK];
        if (bytes.length > 100) {
            throw new IOException(name + ": file name is too long for this toy");
        }
        put(header, 0, name);
        put(header, 100, type == '5' ? "0000755" : "0000644");
        put(header, 108, "0000000");
        put(header, 116, "0000000");
        put(header, 124, "%011o".formatted(size));
        put(header, 136, "00000000000");
        put(header, 148, "        ");
        header[156] = (byte) type;
        put(header, 257, "ustar");
        put(header, 263, "00");
        int sum = 0;
        for (byte octet : header) {
            sum += octet & 0xFF;
        }
        put(header, 148, "%06o\0 ".formatted(sum));
        return header;
    }

    private static void put(byte[] header, int at, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        System.arraycopy(bytes, 0, header, at, bytes.length);
    }

    private static void padded(byte[] content, OutputStream out) throws IOException {
        out.write(content);
        out.write(new byte[(BLOCK - content.length % BLOCK) % BLOCK]);
    }

    /** Reads an archive to its end and makes its files below {@code directory}; names that lead out of it are refused. */
    void unpack(InputStream in, String directory) throws IOException {
        String longName = "";
        for (byte[] header = in.readNBytes(BLOCK); header.length == BLOCK; header = in.readNBytes(BLOCK)) {
            if (header[0] == 0) {
                continue;
            }
            int size = size(header);
            byte[] content = in.readNBytes(size);
            in.skipNBytes((BLOCK - size % BLOCK) % BLOCK);
            if (content.length < size) {
                throw new EOFException("Unexpected EOF in archive");
            }
            String name = longName.isEmpty() ? name(header) : longName;
            longName = "";
            switch (header[156]) {
                case 'x' -> longName = pathOf(content);
                case 'L' -> longName = text(content, 0, content.length);
                case '5' -> files.makeDirectory(within(directory, name));
                case '0', 0 -> {
                    String path = within(directory, name);
                    files.makeDirectory(ToyFiles.resolve(path, ".."));
                    files.write(path, content);
                }
                default -> {
                    // links and devices have no place here
                }
            }
        }
    }

    private static String within(String directory, String name) throws IOException {
        if (Arrays.asList(name.split("/", -1)).contains("..")) {
            throw new IOException(name + ": Member name contains '..'");
        }
        return ToyFiles.resolve("/", directory + "/" + name);
    }

    private static int size(byte[] header) throws IOException {
        try {
            return Integer.parseInt(text(header, 124, 12).strip(), 8);
        } catch (NumberFormatException e) {
            throw new IOException("This does not look like a tar archive", e);
        }
    }

    private static String name(byte[] header) {
        String prefix = text(header, 345, 155);
        String name = text(header, 0, 100);
        return prefix.isEmpty() ? name : prefix + "/" + name;
    }

    private static String pathOf(byte[] records) {
        for (String line : new String(records, StandardCharsets.UTF_8).split("\n", -1)) {
            int space = line.indexOf(' ');
            if (line.startsWith("path=", space + 1)) {
                return line.substring(space + 6);
            }
        }
        return "";
    }

    private static String text(byte[] bytes, int from, int length) {
        int end = from;
        while (end < from + length && bytes[end] != 0) {
            end++;
        }
        return new String(bytes, from, end - from, StandardCharsets.UTF_8);
    }
}
