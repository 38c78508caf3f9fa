package org.openkas.cli;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** Reads the flags of {@code openkas kubeconfig}. A flag's value stands after {@code =} or in the next argument. */
final class KubeconfigArguments {
    private static final Set<String> FLAGS = Set.of("--configuration-file", "--demo", "--user", "--agent", "--server",
            "--certificate-authority");
    private static final String DEMO_NAME = "demo";

    private final Map<String, String> values = new TreeMap<>();

    private KubeconfigArguments() {
    }

    /** {@code arguments} is what stands behind the command's name. */
    static Command parse(List<String> arguments) throws AbortedException {
        KubeconfigArguments parsed = new KubeconfigArguments();
        Deque<String> rest = new ArrayDeque<>(arguments);
        while (!rest.isEmpty()) {
            String argument = rest.remove();
            if (argument.equals("-h") || argument.equals("--help")) {
                return new Command.Help();
            }
            parsed.take(argument, rest);
        }
        return parsed.command();
    }

    private void take(String argument, Deque<String> rest) throws AbortedException {
        int equals = argument.indexOf('=');
        String name = equals < 0 ? argument : argument.substring(0, equals);
        if (!name.startsWith("-")) {
            throw new AbortedException("unknown command \"" + name + "\" for \"kas kubeconfig\"");
        }
        if (!FLAGS.contains(name)) {
            throw new AbortedException("unknown flag: " + name);
        }
        if (equals >= 0) {
            values.put(name, argument.substring(equals + 1));
        } else if (rest.isEmpty() || name.equals("--demo")) {
            throw new AbortedException(name.equals("--demo")
                    ? "kubeconfig needs the demo's directory: --demo=DIRECTORY. A running demo also tells where its kubeconfig is"
                    : "flag needs an argument: " + name);
        } else {
            values.put(name, rest.remove());
        }
    }

    private Command command() throws AbortedException {
        Optional<String> demo = value("--demo");
        if (demo.isPresent() == value("--configuration-file").isPresent()) {
            throw new AbortedException("kubeconfig needs one of --configuration-file and --demo=DIRECTORY");
        }
        Path file = demo.isPresent()
                ? path("--demo", demo.get()).resolve("kas.yaml")
                : path("--configuration-file", value("--configuration-file").orElseThrow());
        Optional<String> authority = value("--certificate-authority");
        return new Command.Kubeconfig(file, name("--user", demo), name("--agent", demo), value("--server"),
                authority.isPresent() ? Optional.of(path("--certificate-authority", authority.get())) : Optional.empty());
    }

    /** The demo has one user and one agent. */
    private String name(String flag, Optional<String> demo) throws AbortedException {
        return value(flag).or(() -> demo.map(directory -> DEMO_NAME)).orElseThrow(
                () -> new AbortedException("required flag(s) \"" + flag.substring(2) + "\" not set: name one of the agents file"));
    }

    private Optional<String> value(String flag) {
        return Optional.ofNullable(values.get(flag)).filter(text -> !text.isEmpty());
    }

    private static Path path(String flag, String text) throws AbortedException {
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            throw new AbortedException(flag + ": " + text + ": " + e.getReason());
        }
    }
}
