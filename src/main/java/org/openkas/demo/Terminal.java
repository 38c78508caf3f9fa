package org.openkas.demo;

import java.io.ByteArrayOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/**
 * What a terminal does between a person and a program: shows what is typed, lets a line be corrected, hands over whole
 * lines, and begins each printed line at the left. Ctrl-D on an empty line ends the input, Ctrl-C drops the line.
 */
final class Terminal extends InputStream {
    private final InputStream typed;
    private final OutputStream screen;
    private byte[] line = {};
    private int at;
    private boolean ended;

    Terminal(InputStream typed, OutputStream screen) {
        this.typed = typed;
        this.screen = screen;
    }

    /** The program's output with line ends as a screen wants them. */
    static OutputStream screen(OutputStream out) {
        return new FilterOutputStream(out) {
            @Override
            public void write(int octet) throws IOException {
                write(new byte[]{(byte) octet}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int from, int length) throws IOException {
                ByteArrayOutputStream shown = new ByteArrayOutputStream(length + 16);
                for (int i = from; i < from + length; i++) {
                    if (bytes[i] == '\n') {
                        shown.write('\r');
                    }
                    shown.write(bytes[i]);
                }
                out.write(shown.toByteArray(), 0, shown.size());
            }
        };
    }

    @Override
    public int read() throws IOException {
        while (at == line.length && !ended) {
            nextLine();
        }
        return at < line.length ? line[at++] & 0xFF : -1;
    }

    @Override
    public int read(byte[] bytes, int from, int length) throws IOException {
        int first = length == 0 ? -1 : read();
        if (first < 0) {
            return length == 0 ? 0 : -1;
        }
        bytes[from] = (byte) first;
        int more = Math.min(length - 1, line.length - at);
        System.arraycopy(line, at, bytes, from + 1, more);
        at += more;
        return more + 1;
    }

    private void nextLine() throws IOException {
        StringBuilder text = new StringBuilder();
        while (true) {
            int octet = typed.read();
            switch (octet) {
                case -1 -> {
                    ended = true;
                    take(text.toString());
                    return;
                }
                case 4 -> {
                    if (text.isEmpty()) {
                        ended = true;
                        return;
                    }
                }
                case 3 -> {
                    show("^C\n");
                    take("\n");
                    return;
                }
                case 8, 127 -> {
                    if (!text.isEmpty()) {
                        text.setLength(text.length() - 1);
                        show("\b \b");
                    }
                }
                case '\r', '\n' -> {
                    show("\n");
                    take(text.append('\n').toString());
                    return;
                }
                default -> {
                    if (octet >= ' ' && text.length() < 4096) {
                        text.append((char) octet);
                        show(String.valueOf((char) octet));
                    }
                }
            }
        }
    }

    private void take(String text) {
        line = text.getBytes(java.nio.charset.StandardCharsets.ISO_8859_1);
        at = 0;
    }

    private void show(String text) throws IOException {
        screen.write(text.getBytes(java.nio.charset.StandardCharsets.ISO_8859_1));
    }
}
