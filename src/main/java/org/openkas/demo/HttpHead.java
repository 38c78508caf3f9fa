package org.openkas.demo;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Start line and header lines of an HTTP/1.1 message, read from and written to blocking streams. Immutable. */
record HttpHead(String startLine, List<Field> fields) {
    private static final int LIMIT = 256 * 1024;

    /** One header line. */
    record Field(String name, String value) {
    }

    HttpHead {
        fields = List.copyOf(fields);
    }

    /** A head with the given names and values in turn. */
    static HttpHead of(String startLine, String... namesAndValues) {
        List<Field> fields = new ArrayList<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            fields.add(new Field(namesAndValues[i], namesAndValues[i + 1]));
        }
        return new HttpHead(startLine, fields);
    }

    /**
     * Reads up to the empty line.
     *
     * @return empty if the peer closed before the first byte
     * @throws IOException if the peer closed later, or what came is no head of at most 256 KiB
     */
    static Optional<HttpHead> read(InputStream in) throws IOException {
        LineReader lines = new LineReader(in);
        Optional<String> first = lines.next();
        if (first.isEmpty()) {
            return Optional.empty();
        }
        List<Field> fields = new ArrayList<>();
        while (true) {
            String line = lines.next().orElseThrow(() -> new EOFException("the peer closed within the header"));
            if (line.isEmpty()) {
                return Optional.of(new HttpHead(first.get(), fields));
            }
            int colon = line.indexOf(':');
            if (colon < 1) {
                throw new IOException("a header line without a name");
            }
            fields.add(new Field(line.substring(0, colon), line.substring(colon + 1).strip()));
        }
    }

    /** The first value of a header. */
    Optional<String> value(String name) {
        return fields.stream().filter(field -> field.name().equalsIgnoreCase(name)).map(Field::value).findFirst();
    }

    /** All values of a header, one per line. */
    List<String> values(String name) {
        return fields.stream().filter(field -> field.name().equalsIgnoreCase(name)).map(Field::value).toList();
    }

    /** All members of a header that is a list separated by commas. */
    List<String> members(String name) {
        return values(name).stream().flatMap(value -> Arrays.stream(value.split(",", -1))).map(String::strip)
                .filter(member -> !member.isEmpty()).toList();
    }

    /** Whether a header that is a list has the member, in any letter case. */
    boolean lists(String name, String member) {
        return members(name).stream().anyMatch(member::equalsIgnoreCase);
    }

    /** The status of a response. */
    int status() throws IOException {
        String[] parts = startLine.split(" ", 3);
        try {
            return Integer.parseInt(parts[1]);
        } catch (ArrayIndexOutOfBoundsException | NumberFormatException e) {
            throw new IOException("not a status line of HTTP: " + startLine, e);
        }
    }

    /** Writes the head and the empty line; does not flush. */
    void writeTo(OutputStream out) throws IOException {
        StringBuilder text = new StringBuilder(startLine).append("\r\n");
        fields.forEach(field -> text.append(field.name()).append(": ").append(field.value()).append("\r\n"));
        out.write(text.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1));
    }

    /** Lines that end in LF or CRLF, all together not longer than the limit. */
    private static final class LineReader {
        private final InputStream in;
        private int taken;

        LineReader(InputStream in) {
            this.in = in;
        }

        Optional<String> next() throws IOException {
            StringBuilder line = new StringBuilder();
            while (true) {
                int octet = in.read();
                if (octet < 0) {
                    if (taken == 0) {
                        return Optional.empty();
                    }
                    throw new EOFException("the peer closed within a line");
                }
                if (++taken > LIMIT) {
                    throw new IOException("the header is longer than " + LIMIT + " bytes");
                }
                if (octet == '\n') {
                    int end = line.length();
                    return Optional.of(end > 0 && line.charAt(end - 1) == '\r' ? line.substring(0, end - 1) : line.toString());
                }
                line.append((char) octet);
            }
        }
    }
}
