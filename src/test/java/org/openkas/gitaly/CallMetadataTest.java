package org.openkas.gitaly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.Metadata;
import io.grpc.StatusException;
import java.time.Instant;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.openkas.proto.entity.GitalyInfo;

class CallMetadataTest {
    private static final Instant NOW = Instant.ofEpochSecond(1_697_414_400L).plusMillis(900);

    @Test
    @DisplayName("GB-40 the token is signed with the time, and absent without a secret")
    void authorization() throws Exception {
        assertThat(value(GitalyInfo.newBuilder().setToken("secret").build(), "authorization"))
                .isEqualTo("Bearer v2.11011441542c9a57a8b75a8212145d6119f3edd370572a78a78393ed512ed6f6.1697414400");
        assertThat(CallMetadata.of(GitalyInfo.getDefaultInstance(), NOW).keys()).isEmpty();
    }

    @Test
    @DisplayName("GB-41 features are metadata, names in lower case")
    void features() throws Exception {
        GitalyInfo access = GitalyInfo.newBuilder().putFeatures("Gitaly-Feature-A", "true").putFeatures("gitaly-feature-b", "false")
                .build();
        assertThat(value(access, "gitaly-feature-a")).isEqualTo("true");
        assertThat(value(access, "gitaly-feature-b")).isEqualTo("false");
        assertThat(CallMetadata.of(access, NOW).keys()).hasSize(2);
    }

    @Test
    void whatCannotBeMetadataFailsTheCall() {
        assertThatThrownBy(() -> CallMetadata.of(GitalyInfo.newBuilder().putFeatures("a b", "true").build(), NOW))
                .isInstanceOf(StatusException.class)
                .hasMessage("INTERNAL: header key \"a b\" contains illegal characters not in [0-9a-z-_.]");
        assertThatThrownBy(() -> CallMetadata.of(GitalyInfo.newBuilder().putFeatures("a", "\n").build(), NOW))
                .hasMessage("INTERNAL: header key \"a\" contains value with non-printable ASCII characters");
    }

    private static String value(GitalyInfo access, String key) throws StatusException {
        return CallMetadata.of(access, NOW).get(Metadata.Key.of(key, Metadata.ASCII_STRING_MARSHALLER));
    }
}
