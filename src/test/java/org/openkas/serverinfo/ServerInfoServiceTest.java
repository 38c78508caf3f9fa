package org.openkas.serverinfo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.openkas.proto.serverinfo.GetServerInfoResponse;
import org.openkas.proto.serverinfo.ServerInfo;
import org.openkas.testkit.Bytes;
import org.openkas.testkit.InProcess;

class ServerInfoServiceTest {
    /** What GitLab parses, and what it takes for a commit id and appends to the version first. */
    private static final String VERSION = "v?[0-9]+\\.[0-9]+\\.[0-9]+(-.+)?";
    private static final String COMMIT = "[0-9a-f]{7,64}";

    private static byte[] answer(String version) {
        try (InProcess server = new InProcess(new ServerInfoService(version))) {
            return Bytes.call(server.channel(), "gitlab.agent.server_info.rpc.ServerInfo/GetServerInfo", new byte[0]);
        }
    }

    @Test
    @DisplayName("RA-49 the release in field 1 and its tag in field 2, of the message in field 1")
    void wire() {
        assertThat(new String(answer("17.9.1"), StandardCharsets.ISO_8859_1)).isEqualTo("\n\21" + "\n\6" + "17.9.1" + "\22\7v17.9.1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"17.11.0", "v17.11.0", "18.0.0-rc1"})
    @DisplayName("NR-028 GitLab can parse the version, and its tag is not taken for a commit")
    void parsed(String version) throws Exception {
        ServerInfo info = GetServerInfoResponse.parseFrom(answer(version)).getCurrentServerInfo();
        assertThat(info.getVersion()).matches(VERSION).doesNotStartWith("v");
        assertThat(info.getGitRef()).isEqualTo("v" + info.getVersion()).doesNotMatch(COMMIT);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "17", "17.11", "latest", "17.11.0+abc", "17.11.x", "v17.11.0 "})
    @DisplayName("NR-028 a compatible version that GitLab could not parse is refused at start")
    void refused(String version) {
        assertThatIllegalArgumentException().isThrownBy(() -> new ServerInfoService(version)).withMessageContaining("X.Y.Z");
    }
}
