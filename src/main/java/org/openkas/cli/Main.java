package org.openkas.cli;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.random.RandomGenerator;
import org.openkas.common.BuildInfo;

/** The program {@code bin/openkas} (chapter 05 §2): exit status 0, or 1 and one line {@code Program aborted: ...}. */
public final class Main {
    private final PrintStream out;

    private Main(PrintStream out) {
        this.out = out;
    }

    /** Runs the command line and ends the process. */
    public static void main(String[] arguments) {
        // Open Liberty takes the standard streams over: keep what is needed at the end
        PrintStream err = System.err;
        int status = 0;
        try {
            new Main(System.out).run(List.of(arguments));
        } catch (AbortedException e) {
            status = aborted(err, e.reason());
        } catch (InterruptedException e) {
            status = aborted(err, "interrupted");
        } catch (RuntimeException e) {
            status = aborted(err, String.valueOf(e));
        }
        System.exit(status);
    }

    private static int aborted(PrintStream err, String text) {
        err.print("Program aborted: " + text + "\n");
        err.flush();
        return 1;
    }

    private void run(List<String> arguments) throws AbortedException, InterruptedException {
        switch (CommandLine.parse(arguments)) {
            case Command.Version version -> print("kas version " + build().version() + ", commit: " + build().commit() + ", built: "
                    + build().buildTime() + "\n");
            case Command.Help help -> print(CommandLine.USAGE);
            case Command.Kubeconfig kubeconfig -> print(Configurations
                    .kubeconfig(kubeconfig, new ProcessProperties(System.getProperties(), System.getenv())).yaml().text());
            case Command.Serve serve -> process().run(serve);
            case Command.Demo demo -> process().run(demo);
        }
    }

    private void print(String text) {
        out.print(text);
        out.flush();
    }

    private static BuildInfo build() {
        return BuildInfo.ofThisBuild();
    }

    private static ServerProcess process() {
        return new ServerProcess(Path.of(System.getProperty("openkas.home", ".")), System.getenv(), RandomGenerator.of("SecureRandom"));
    }
}
