package org.openkas.agentconfiguration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.openkas.agentconfiguration.ConfigurationBench.agent;
import static org.openkas.agentconfiguration.ConfigurationBench.failure;

import com.google.protobuf.ByteString;
import java.time.Duration;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.openkas.repository.RepositoryException;
import org.openkas.repository.RepositoryException.Code;
import org.openkas.testkit.FakeTimers;
import org.openkas.testkit.RecordedLog;

class AgentFilesTest {
    private final FakeTimers timers = new FakeTimers();
    private final RecordedLog log = new RecordedLog();
    private int fetches;
    private ByteString content = ByteString.EMPTY;
    private RepositoryException failure = failure(Code.UNKNOWN, "none");
    private boolean fails;
    private final AgentFiles files = new AgentFiles((_, _, _, _) -> {
        fetches++;
        if (fails) {
            throw failure;
        }
        return content;
    }, 131072, timers);

    private ParsedFile at(String commit) throws ConfigurationFileException, RepositoryException, InterruptedException {
        return files.at(agent("main"), commit, log.log());
    }

    @Test
    void aCommitIsReadOnceInTenMinutes() throws Exception {
        ParsedFile first = at("c1");
        assertThat(at("c1")).isSameAs(first);
        assertThat(fetches).isEqualTo(1);
        at("c2");
        assertThat(fetches).isEqualTo(2);
        timers.advance(Duration.ofMinutes(11));
        at("c1");
        assertThat(fetches).isEqualTo(3);
    }

    @Test
    void mistakesAreRememberedToo() {
        content = ByteString.copyFromUtf8("container_scanning: {}");
        assertThatThrownBy(() -> at("c1")).isInstanceOf(ConfigurationFileException.class);
        assertThatThrownBy(() -> at("c1")).isInstanceOf(ConfigurationFileException.class);
        assertThat(fetches).isEqualTo(1);
    }

    @Test
    void failuresThatMayPassAreNotRemembered() throws Exception {
        fails = true;
        failure = failure(Code.RPC_ERROR, "RpcError: x");
        assertThatThrownBy(() -> at("c1")).isSameAs(failure);
        fails = false;
        assertThat(at("c1").tree().toString()).isEqualTo("{}");
    }

    @Test
    void aMissingFileIsLookedForAgainSoonButTheLineIsNotRepeated() throws Exception {
        fails = true;
        failure = failure(Code.NOT_FOUND, "NotFound: x");
        at("c1");
        at("c1");
        assertThat(fetches).isEqualTo(1);
        timers.advance(Duration.ofSeconds(31));
        at("c1");
        assertThat(fetches).isEqualTo(2);
        assertThat(log.lines()).hasSize(1);
    }

    @Test
    void aLineNamesAHundredSettingsAtMost() throws Exception {
        content = ByteString.copyFromUtf8(IntStream.range(0, 1000).mapToObj(i -> "unknown" + i + ": 1\n").collect(Collectors.joining()));
        files.at(agent("main"), "c1", log.log());
        assertThat(log.lines("Config: unknown settings ignored")).singleElement()
                .satisfies(line -> assertThat((String) line.fields().get("settings")).hasSizeLessThan(2000).endsWith(" and 900 more"));
    }
}
