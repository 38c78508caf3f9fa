package org.openkas.demo;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A shell in a pod of the demo: runs toy programs, knows quotes, {@code ;}, {@code &&}, {@code ||} and {@code >}. One thread. */
final class ToyShell {
    private static final Pattern WORD = Pattern.compile("'([^']*)'|\"([^\"]*)\"|(&&|\\|\\||>>|[;>|])|([^\\s'\";>|&]+)");
    private static final int LONGEST_LINE = 4096;

    private final ToyCommands commands;
    private final ToyFiles files;
    private final ToyCommands.Streams streams;
    private boolean ended;

    /** A word of a line; operators are no text. */
    private record Word(String text, boolean operator) {
        boolean is(String operatorText) {
            return operator && text.equals(operatorText);
        }
    }

    ToyShell(ToyCommands commands, ToyFiles files, ToyCommands.Streams streams) {
        this.commands = commands;
        this.files = files;
        this.streams = streams;
    }

    /** Runs a command as {@code exec} names it: a shell, or a program. The exit status. */
    int run(List<String> command, boolean terminal) throws IOException, InterruptedException {
        String program = command.getFirst().substring(command.getFirst().lastIndexOf('/') + 1);
        if (List.of("sh", "bash", "ash").contains(program)) {
            int script = command.indexOf("-c");
            return script > 0 && script + 1 < command.size() ? line(command.get(script + 1)) : interact(terminal);
        }
        List<String> words = new ArrayList<>(command);
        words.set(0, program);
        Optional<Integer> status = commands.run(words, streams);
        return status.isPresent() ? status.get() : notFound(program);
    }

    private int interact(boolean terminal) throws IOException, InterruptedException {
        int status = 0;
        while (!ended) {
            if (terminal) {
                print(commands.directory() + " $ ");
            }
            Optional<String> line = nextLine();
            if (line.isEmpty()) {
                return status;
            }
            status = line(line.get());
        }
        return status;
    }

    private Optional<String> nextLine() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        int octet = streams.in().read();
        if (octet < 0) {
            return Optional.empty();
        }
        while (octet >= 0 && octet != '\n' && line.size() < LONGEST_LINE) {
            line.write(octet);
            octet = streams.in().read();
        }
        return Optional.of(line.toString(StandardCharsets.UTF_8));
    }

    private int line(String text) throws IOException, InterruptedException {
        int status = 0;
        boolean runs = true;
        List<Word> part = new ArrayList<>();
        List<Word> words = words(text);
        words.add(new Word(";", true));
        for (Word word : words) {
            if (word.is("|")) {
                print("sh: this toy has no pipes\n");
                return 2;
            }
            if (!(word.is(";") || word.is("&&") || word.is("||"))) {
                part.add(word);
                continue;
            }
            if (runs && !part.isEmpty()) {
                status = simple(part);
            }
            part.clear();
            if (ended) {
                return status;
            }
            runs = word.is(";") || word.is("&&") == (status == 0);
        }
        return status;
    }

    private static List<Word> words(String text) {
        List<Word> words = new ArrayList<>();
        Matcher matcher = WORD.matcher(text);
        int last = -1;
        while (matcher.find()) {
            boolean operator = matcher.group(3) != null;
            String word = operator
                    ? matcher.group(3)
                    : java.util.stream.Stream.of(1, 2, 4).map(matcher::group)
                            .filter(java.util.Objects::nonNull).findFirst().orElse("");
            boolean joined = matcher.start() == last && !operator && !words.isEmpty() && !words.getLast().operator();
            if (joined) {
                words.add(new Word(words.removeLast().text() + word, false));
            } else {
                words.add(new Word(word, operator));
            }
            last = matcher.end();
        }
        return words;
    }

    private int simple(List<Word> words) throws IOException, InterruptedException {
        int redirect = -1;
        for (int i = 0; i < words.size(); i++) {
            if (words.get(i).is(">") || words.get(i).is(">>")) {
                redirect = i;
            }
        }
        List<String> command = words.subList(0, redirect < 0 ? words.size() : redirect).stream().map(Word::text).toList();
        if (command.isEmpty()) {
            return 0;
        }
        if (command.getFirst().equals("exit")) {
            ended = true;
            return command.size() > 1 && command.get(1).matches("\\d{1,3}") ? Integer.parseInt(command.get(1)) & 0xFF : 0;
        }
        if (redirect >= 0 && redirect + 1 < words.size()) {
            return redirected(command, ToyFiles.resolve(commands.directory(), words.get(redirect + 1).text()),
                    words.get(redirect).is(">>"));
        }
        Optional<Integer> status = commands.run(command, streams);
        return status.isPresent() ? status.get() : notFound(command.getFirst());
    }

    private int redirected(List<String> command, String path, boolean append) throws IOException, InterruptedException {
        LimitedBytes out = new LimitedBytes();
        if (append) {
            out.write(files.read(path).orElse(new byte[0]));
        }
        Optional<Integer> status = commands.run(command, new ToyCommands.Streams(streams.in(), out, streams.err()));
        if (status.isEmpty()) {
            return notFound(command.getFirst());
        }
        try {
            files.write(path, out.bytes.toByteArray());
        } catch (IOException e) {
            streams.err().write(("sh: " + e.getMessage() + "\n").getBytes(StandardCharsets.UTF_8));
            return 1;
        }
        return status.get();
    }

    /** Takes what a file can hold, and drops the rest. */
    private static final class LimitedBytes extends OutputStream {
        private static final int LARGEST = 16 * 1024 * 1024 + 1;
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        @Override
        public void write(int octet) {
            write(new byte[]{(byte) octet}, 0, 1);
        }

        @Override
        public void write(byte[] from, int start, int length) {
            bytes.write(from, start, Math.min(length, LARGEST - bytes.size()));
        }
    }

    private int notFound(String program) throws IOException {
        streams.err().write(("sh: " + program + ": not found (try help)\n").getBytes(StandardCharsets.UTF_8));
        return 127;
    }

    private void print(String text) throws IOException {
        streams.out().write(text.getBytes(StandardCharsets.UTF_8));
    }
}
