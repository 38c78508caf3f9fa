package org.openkas.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CommandLineTest {
    private static Command parse(String... arguments) throws AbortedException {
        return CommandLine.parse(List.of(arguments));
    }

    @Test
    @DisplayName("CO-1 without a flag, the missing one is named")
    void missingFlag() {
        refuses("required flag(s) \"configuration-file\" not set");
    }

    @Test
    void theFileStandsBehindAnEqualsSignOrInTheNextArgument() throws AbortedException {
        assertThat(parse("--configuration-file=a.yaml")).isEqualTo(new Command.Serve(Path.of("a.yaml")));
        assertThat(parse("--configuration-file", "a.yaml")).isEqualTo(new Command.Serve(Path.of("a.yaml")));
    }

    @Test
    void theLastOfSeveralFilesWins() throws AbortedException {
        assertThat(parse("--configuration-file=a", "--configuration-file", "b")).isEqualTo(new Command.Serve(Path.of("b")));
    }

    @Test
    void aFileNameMayLookLikeAFlag() throws AbortedException {
        assertThat(parse("--configuration-file", "--help")).isEqualTo(new Command.Serve(Path.of("--help")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"--version", "-v", "--version=true"})
    @DisplayName("CO-2 the version needs no configuration file")
    void version(String flag) throws AbortedException {
        assertThat(parse(flag)).isEqualTo(new Command.Version());
    }

    @ParameterizedTest
    @ValueSource(strings = {"--help", "-h", "-vh"})
    void help(String flag) throws AbortedException {
        assertThat(parse(flag)).isEqualTo(new Command.Help());
    }

    @Test
    void helpAndVersionWinOverOtherArguments() throws AbortedException {
        assertThat(parse("x", "-h")).isEqualTo(new Command.Help());
        assertThat(parse("x", "-v")).isEqualTo(new Command.Version());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            x                          | unknown command "x" for "kas"
            -- --version               | unknown command "--version" for "kas"
            --configuration-file=a x   | unknown command "x" for "kas"
            --foo                      | unknown flag: --foo
            --foo=bar --help           | unknown flag: --foo
            -x                         | unknown shorthand flag: 'x' in -x
            -configuration-file=a      | unknown shorthand flag: 'c' in -configuration-file=a
            --configuration-file       | flag needs an argument: --configuration-file
            --version=maybe            | invalid argument "maybe" for "--version" flag: use true or false
            --demo --configuration-file=a | --demo brings its own configuration: leave --configuration-file away
            """)
    void refusals(String line, String reason) {
        refuses(reason, line.split(" "));
    }

    @Test
    void theDemoMayHaveADirectory() throws AbortedException {
        assertThat(parse("--demo")).isEqualTo(new Command.Demo(Optional.empty()));
        assertThat(parse("--demo=/d")).isEqualTo(new Command.Demo(Optional.of(Path.of("/d"))));
    }

    @Test
    void aKubeconfigNeedsAConfigurationAUserAndAnAgent() throws AbortedException {
        assertThat(parse("kubeconfig", "--configuration-file=k.yaml", "--user", "ada", "--agent=a")).isEqualTo(
                new Command.Kubeconfig(Path.of("k.yaml"), "ada", "a", Optional.empty(), Optional.empty()));
        assertThat(parse("kubeconfig", "--configuration-file=k.yaml", "--user=ada", "--agent=a", "--server=https://h",
                "--certificate-authority=ca.crt")).isEqualTo(
                        new Command.Kubeconfig(Path.of("k.yaml"), "ada", "a", Optional.of("https://h"), Optional.of(Path.of("ca.crt"))));
        assertThat(parse("kubeconfig", "--demo=/d"))
                .isEqualTo(new Command.Kubeconfig(Path.of("/d/kas.yaml"), "demo", "demo", Optional.empty(), Optional.empty()));
        assertThat(parse("kubeconfig", "--help")).isEqualTo(new Command.Help());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            kubeconfig                                   | kubeconfig needs one of --configuration-file and --demo=DIRECTORY
            kubeconfig --demo=d --configuration-file=f   | kubeconfig needs one of --configuration-file and --demo=DIRECTORY
            kubeconfig --configuration-file=f --agent=a  | required flag(s) "user" not set: name one of the agents file
            kubeconfig --configuration-file=f --user=u   | required flag(s) "agent" not set: name one of the agents file
            kubeconfig --user                            | flag needs an argument: --user
            kubeconfig --version                         | unknown flag: --version
            kubeconfig x                                 | unknown command "x" for "kas kubeconfig"
            --demo kubeconfig                            | unknown command "kubeconfig" for "kas"
            """)
    void refusalsOfKubeconfig(String line, String reason) {
        refuses(reason, line.split(" "));
    }

    @Test
    void aDemoWithoutADirectoryIsNobodyElses() {
        assertThatExceptionOfType(AbortedException.class).isThrownBy(() -> parse("kubeconfig", "--demo"))
                .withMessageContaining("--demo=DIRECTORY");
    }

    private static void refuses(String reason, String... arguments) {
        assertThatExceptionOfType(AbortedException.class).isThrownBy(() -> parse(arguments)).extracting(AbortedException::reason)
                .isEqualTo(reason);
    }
}
