package org.openkas.demo;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.openkas.common.Timers;

/** The programs that a toy shell can run. For one thread. */
final class ToyCommands {
    private final ToyFiles files;
    private final String hostName;
    private final Timers timers;
    private String directory = "/";

    /** Where a program reads and writes. */
    record Streams(InputStream in, OutputStream out, OutputStream err) {
    }

    ToyCommands(ToyFiles files, String hostName, Timers timers) {
        this.files = files;
        this.hostName = hostName;
        this.timers = timers;
    }

    /** The working directory. */
    String directory() {
        return directory;
    }

    /** Runs one program: its exit status, or empty if there is none of that name. */
    Optional<Integer> run(List<String> words, Streams streams) throws IOException, InterruptedException {
        String name = words.getFirst();
        List<String> arguments = words.subList(1, words.size());
        List<String> operands = arguments.stream().filter(word -> !word.startsWith("-") || word.equals("-")).toList();
        return switch (name) {
            case "true", ":", "chmod", "chown", "sync" -> Optional.of(0);
            case "false" -> Optional.of(1);
            case "echo" -> print(streams, String.join(" ", arguments) + "\n");
            case "pwd" -> print(streams, directory + "\n");
            case "hostname" -> print(streams, hostName + "\n");
            case "whoami" -> print(streams, "toy\n");
            case "id" -> print(streams, "uid=1000(toy) gid=1000(toy)\n");
            case "uname" -> print(streams, "Linux " + hostName + " toy\n");
            case "date" -> print(streams, timers.now() + "\n");
            case "env" -> print(streams, "HOSTNAME=" + hostName + "\nPATH=/bin\n");
            case "ps" -> print(streams, "PID   COMMAND\n    1 /bin/demo\n    2 sh\n");
            case "help" ->
                print(streams, "cat cd date echo env exit head help hostname id ls mkdir ps pwd rm sleep tar test touch wc whoami\n");
            case "cat" -> cat(operands, streams);
            case "wc" -> wc(operands, streams);
            case "head" -> head(operands, streams);
            case "cd" -> cd(operands.isEmpty() ? "/home" : operands.getFirst(), streams);
            case "ls" -> ls(operands, streams);
            case "mkdir" -> each(operands, files::makeDirectory);
            case "rm" -> each(operands, files::remove);
            case "touch" -> touch(operands, streams);
            case "test", "[" -> Optional.of(test(arguments));
            case "sleep" -> sleep(operands);
            case "tar" -> tar(arguments, streams);
            default -> Optional.empty();
        };
    }

    private interface OnPath {
        void at(String path);
    }

    private Optional<Integer> each(List<String> paths, OnPath action) {
        paths.forEach(path -> action.at(ToyFiles.resolve(directory, path)));
        return Optional.of(0);
    }

    private static Optional<Integer> print(Streams streams, String text) throws IOException {
        streams.out().write(text.getBytes(StandardCharsets.UTF_8));
        return Optional.of(0);
    }

    private static Optional<Integer> complain(Streams streams, String text) throws IOException {
        streams.err().write((text + "\n").getBytes(StandardCharsets.UTF_8));
        return Optional.of(1);
    }

    private Optional<Integer> cat(List<String> paths, Streams streams) throws IOException {
        for (String path : paths.isEmpty() ? List.of("-") : paths) {
            if (path.equals("-")) {
                streams.in().transferTo(streams.out());
                continue;
            }
            Optional<byte[]> content = files.read(ToyFiles.resolve(directory, path));
            if (content.isEmpty()) {
                return complain(streams, "cat: " + path + ": No such file or directory");
            }
            streams.out().write(content.get());
        }
        return Optional.of(0);
    }

    private Optional<Integer> wc(List<String> paths, Streams streams) throws IOException {
        long count = paths.isEmpty()
                ? streams.in().transferTo(OutputStream.nullOutputStream())
                : files.read(ToyFiles.resolve(directory, paths.getFirst())).map(content -> content.length).orElse(0);
        return print(streams, count + "\n");
    }

    private Optional<Integer> head(List<String> paths, Streams streams) throws IOException {
        byte[] content = paths.isEmpty()
                ? streams.in().readNBytes(64 * 1024)
                : files.read(ToyFiles.resolve(directory, paths.getFirst())).orElse(new byte[0]);
        StringBuilder lines = new StringBuilder();
        new String(content, StandardCharsets.UTF_8).lines().limit(10).forEach(line -> lines.append(line).append('\n'));
        return print(streams, lines.toString());
    }

    private Optional<Integer> cd(String path, Streams streams) throws IOException {
        String wanted = ToyFiles.resolve(directory, path);
        if (!files.isDirectory(wanted)) {
            return complain(streams, "cd: " + path + ": No such directory");
        }
        directory = wanted;
        return Optional.of(0);
    }

    private Optional<Integer> ls(List<String> paths, Streams streams) throws IOException {
        for (String path : paths.isEmpty() ? List.of(".") : paths) {
            String wanted = ToyFiles.resolve(directory, path);
            if (files.isDirectory(wanted)) {
                for (String name : files.names(wanted)) {
                    print(streams, name + "\n");
                }
            } else if (files.read(wanted).isPresent()) {
                print(streams, path + "\n");
            } else {
                return complain(streams, "ls: " + path + ": No such file or directory");
            }
        }
        return Optional.of(0);
    }

    private Optional<Integer> touch(List<String> paths, Streams streams) throws IOException {
        for (String path : paths) {
            String wanted = ToyFiles.resolve(directory, path);
            if (files.read(wanted).isEmpty() && !files.isDirectory(wanted)) {
                try {
                    files.write(wanted, new byte[0]);
                } catch (IOException e) {
                    return complain(streams, "touch: " + e.getMessage());
                }
            }
        }
        return Optional.of(0);
    }

    private int test(List<String> words) {
        if (words.size() < 2) {
            return 1;
        }
        String path = ToyFiles.resolve(directory, words.get(1));
        boolean holds = switch (words.getFirst()) {
            case "-d" -> files.isDirectory(path);
            case "-f" -> files.read(path).isPresent();
            case "-e" -> files.isDirectory(path) || files.read(path).isPresent();
            default -> false;
        };
        return holds ? 0 : 1;
    }

    private static Optional<Integer> sleep(List<String> operands) throws InterruptedException {
        String seconds = operands.isEmpty() ? "1" : operands.getFirst();
        Thread.sleep(Duration.ofMillis(seconds.matches("\\d{1,5}(\\.\\d{1,3})?") ? (long) (Double.parseDouble(seconds) * 1000) : 0));
        return Optional.of(0);
    }

    private Optional<Integer> tar(List<String> arguments, Streams streams) throws IOException {
        String mode = "";
        String where = directory;
        List<String> paths = new ArrayList<>();
        for (int i = 0; i < arguments.size(); i++) {
            String argument = arguments.get(i);
            if (argument.equals("-C") && i + 1 < arguments.size()) {
                where = ToyFiles.resolve(directory, arguments.get(++i));
            } else if (!argument.equals("-") && !argument.startsWith("--")) {
                if (mode.isEmpty()) {
                    mode = argument;
                } else {
                    paths.add(argument);
                }
            }
        }
        try {
            if (mode.contains("x")) {
                new ToyTar(files).unpack(streams.in(), where);
            } else if (mode.contains("c") && !paths.isEmpty()) {
                new ToyTar(files).pack(ToyFiles.resolve(where, paths.getFirst()), streams.out());
            } else {
                return complain(streams, "tar: this toy knows: tar cf - PATH, tar xmf - -C DIRECTORY");
            }
        } catch (IOException e) {
            return complain(streams, "tar: " + e.getMessage());
        }
        return Optional.of(0);
    }
}
