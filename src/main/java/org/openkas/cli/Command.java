package org.openkas.cli;

import java.nio.file.Path;
import java.util.Optional;

/** What the command line asks for. */
sealed interface Command {

    /** Print which build this is. */
    record Version() implements Command {
    }

    /** Print how to use the program. */
    record Help() implements Command {
    }

    /** Be a server with this configuration. */
    record Serve(Path configurationFile) implements Command {
    }

    /**
     * Be a server with a demo agent.
     *
     * @param directory where the demo keeps its files; empty for one below the work directory
     */
    record Demo(Optional<Path> directory) implements Command {
    }

    /**
     * Print a kubeconfig for a user of a server without GitLab.
     *
     * @param server the URL at which the user sees the server; from the configuration if empty
     * @param authority file with the authorities of that URL's certificate; from the configuration if empty
     */
    record Kubeconfig(Path configurationFile, String user, String agent, Optional<String> server,
            Optional<Path> authority) implements Command {
    }
}
