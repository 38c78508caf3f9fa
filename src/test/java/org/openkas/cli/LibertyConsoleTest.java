package org.openkas.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import org.junit.jupiter.api.Test;
import org.openkas.common.LogLevel;
import org.openkas.testkit.RecordedLog;

class LibertyConsoleTest {
    private final RecordedLog log = new RecordedLog();

    @Test
    void warningsAndErrorsOfLibertyKeepTheirLevels() {
        LibertyConsole.err(log).println("[WARNING ] CWWKX0001W: hm");
        LibertyConsole.err(log).println("[ERROR   ] CWWKX0002E: oh");
        LibertyConsole.out(log).println("[AUDIT   ] CWWKX0003A: ready");

        assertThat(log.lines()).extracting(RecordedLog.Line::level, RecordedLog.Line::message).containsExactly(
                tuple(LogLevel.WARN, "[liberty] CWWKX0001W: hm"),
                tuple(LogLevel.ERROR, "[liberty] CWWKX0002E: oh"),
                tuple(LogLevel.DEBUG, "[liberty] CWWKX0003A: ready"));
    }

    @Test
    void aBusyPortIsAWarningWithARemedy() {
        LibertyConsole.err(log).println("[ERROR   ] CWWKO0221E: TCP Channel defaultHttpEndpoint ... in use");

        assertThat(log.lines()).singleElement().satisfies(line -> {
            assertThat(line.level()).isEqualTo(LogLevel.WARN);
            assertThat(line.fields()).containsKey("remedy");
        });
    }

    @Test
    void stackTracesAreLeftOut() {
        LibertyConsole.err(log).print(
                "[ERROR   ] CWWKX0002E: oh\njava.lang.IllegalStateException: no\n\tat a.B.c(D.java:1)\nCaused by: e\n\t... 1 more\n\n");

        assertThat(log.lines()).extracting(RecordedLog.Line::message).containsExactly("[liberty] CWWKX0002E: oh",
                "[stderr] java.lang.IllegalStateException: no");
    }

    @Test
    void whatOthersPrintIsAWarningOnErrAndForDebuggingOnOut() {
        LibertyConsole.err(log).println("[err] printed");
        LibertyConsole.err(log).println("raw");
        LibertyConsole.out(log).println("chatter");

        assertThat(log.lines()).extracting(RecordedLog.Line::level, RecordedLog.Line::message).containsExactly(
                tuple(LogLevel.WARN, "[stderr] printed"),
                tuple(LogLevel.WARN, "[stderr] raw"),
                tuple(LogLevel.DEBUG, "[stdout] chatter"));
    }
}
