package org.openkas.cli;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * Reads the flags of chapter 05 §2, {@code --demo}, and the command {@code kubeconfig} if that comes first. A flag's value stands after {@code =} or in the next argument;
 * the last one of several wins. Errors in flags come before help, help before version, version before all other errors.
 */
final class CommandLine {
    static final String USAGE = """
            GitLab agent server for Kubernetes

            Usage:
              kas [flags]
              kas kubeconfig [flags]        Print a kubeconfig for a user of a server without GitLab

            Flags:
                  --configuration-file string   Configuration file to use (YAML)
                  --demo[=directory]            Run with a demo agent: no GitLab, no cluster needed
              -h, --help                        help for kas
              -v, --version                     version for kas

            Flags of kubeconfig:
                  --configuration-file string   The server's configuration file
                  --demo=directory              In place of it: the directory of a demo; user and agent are "demo"
                  --user string                 Name of the user, from the agents file
                  --agent string                Name of the agent whose cluster the user wants to reach
                  --server string               https URL at which the user sees the server; else the listener's address
                  --certificate-authority string
                                                PEM file with the authority of that URL's certificate; else the last
                                                certificate of the listener's certificate_file if that is self-signed

            Environment variables:
              JAVA_HOME            the JDK 25 to use; else java on the PATH
              OPENKAS_WORK_DIR     where the server may write; else a fresh directory, removed at the end
              OPENKAS_HTTP_HOST    address of Open Liberty's own listeners (localhost)
              OPENKAS_HTTP_PORT    its HTTP port (9080); empty switches it off
              OPENKAS_HTTPS_PORT   its HTTPS port (off)
              OPENKAS_HTTPS_KEYSTORE_FILE, OPENKAS_HTTPS_KEYSTORE_PASSWORD
                                   PKCS#12 key store for it; else a self-signed certificate
              OPENKAS_JVM_OPTIONS  further options of the JVM
              OPENKAS_DEMO_KUBECONFIG
                                   kubeconfig of a real cluster for the demo agent; else it has a small one of its own
            """;

    private final Deque<String> arguments;
    private Optional<String> configurationFile = Optional.empty();
    private Optional<String> positional = Optional.empty();
    private Optional<String> demo = Optional.empty();
    private boolean help;
    private boolean version;

    private CommandLine(List<String> arguments) {
        this.arguments = new ArrayDeque<>(arguments);
    }

    static Command parse(List<String> arguments) throws AbortedException {
        if (!arguments.isEmpty() && arguments.getFirst().equals("kubeconfig")) {
            return KubeconfigArguments.parse(arguments.subList(1, arguments.size()));
        }
        return new CommandLine(arguments).command();
    }

    private Command command() throws AbortedException {
        while (!arguments.isEmpty()) {
            take(arguments.remove());
        }
        if (help) {
            return new Command.Help();
        }
        if (version) {
            return new Command.Version();
        }
        if (positional.isPresent()) {
            throw new AbortedException("unknown command \"" + positional.get() + "\" for \"kas\"");
        }
        if (demo.isPresent()) {
            if (configurationFile.isPresent()) {
                throw new AbortedException("--demo brings its own configuration: leave --configuration-file away");
            }
            return new Command.Demo(demo.filter(name -> !name.isEmpty()).map(Path::of));
        }
        return new Command.Serve(
                path(configurationFile.orElseThrow(() -> new AbortedException("required flag(s) \"configuration-file\" not set"))));
    }

    private void take(String argument) throws AbortedException {
        if (argument.equals("--")) {
            positional = positional.or(() -> Optional.ofNullable(arguments.peek()));
            arguments.clear();
        } else if (argument.startsWith("--")) {
            flag(argument);
        } else if (argument.startsWith("-") && argument.length() > 1) {
            shorthands(argument);
        } else if (positional.isEmpty()) {
            positional = Optional.of(argument);
        }
    }

    private void flag(String argument) throws AbortedException {
        int equals = argument.indexOf('=');
        String name = equals < 0 ? argument : argument.substring(0, equals);
        Optional<String> value = equals < 0 ? Optional.empty() : Optional.of(argument.substring(equals + 1));
        switch (name) {
            case "--configuration-file" -> configurationFile = Optional.of(valueOf(name, value));
            case "--help" -> help = truth(name, value);
            case "--version" -> version = truth(name, value);
            case "--demo" -> demo = Optional.of(value.orElse(""));
            default -> throw new AbortedException("unknown flag: " + name);
        }
    }

    private void shorthands(String argument) throws AbortedException {
        for (char letter : argument.substring(1).toCharArray()) {
            switch (letter) {
                case 'h' -> help = true;
                case 'v' -> version = true;
                default -> throw new AbortedException("unknown shorthand flag: '" + letter + "' in " + argument);
            }
        }
    }

    private String valueOf(String name, Optional<String> value) throws AbortedException {
        if (value.isPresent()) {
            return value.get();
        }
        if (arguments.isEmpty()) {
            throw new AbortedException("flag needs an argument: " + name);
        }
        return arguments.remove();
    }

    private static boolean truth(String name, Optional<String> value) throws AbortedException {
        return switch (value.orElse("true")) {
            case "1", "t", "T", "true", "TRUE", "True" -> true;
            case "0", "f", "F", "false", "FALSE", "False" -> false;
            default ->
                throw new AbortedException("invalid argument \"" + value.orElse("") + "\" for \"" + name + "\" flag: use true or false");
        };
    }

    private static Path path(String text) throws AbortedException {
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            throw new AbortedException("configuration file: open " + text + ": " + e.getReason());
        }
    }
}
