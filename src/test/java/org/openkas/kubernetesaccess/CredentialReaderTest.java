package org.openkas.kubernetesaccess;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.openkas.kubernetesaccess.Credential.JobToken;
import org.openkas.kubernetesaccess.Credential.PersonalAccessToken;
import org.openkas.kubernetesaccess.Credential.SessionCookie;

class CredentialReaderTest {
    private static final String ALPHABET = "09+-_ x:\u0663\u00e9\n\"";

    private static Credential read(Map<String, List<String>> headers, Map<String, List<String>> query) throws CredentialException {
        return CredentialReader.read(name -> headers.getOrDefault(name, List.of()), query);
    }

    private static Credential bearer(String value) throws CredentialException {
        return read(Map.of("Authorization", List.of(value)), Map.of());
    }

    @Test
    void theThreeKinds() throws Exception {
        assertThat(bearer("Bearer ci:7:a:b")).isEqualTo(new JobToken(7, "a:b"));
        assertThat(bearer("Bearer pat:-7::")).isEqualTo(new PersonalAccessToken(-7, ":"));
        Map<String, List<String>> query = Map.of("gitlab-agent-id", List.of("8"), "gitlab-csrf-token", List.of("query"));
        assertThat(read(Map.of("Cookie", List.of("_gitlab_kas=s"), "X-Csrf-Token", List.of("header")), query))
                .isEqualTo(new SessionCookie(8, "s", "header"));
        assertThat(read(Map.of("Cookie", List.of("_gitlab_kas=s"), "Gitlab-Agent-Id", List.of("9")), query))
                .isEqualTo(new SessionCookie(9, "s", "query"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "-0", "+0", "007", "9223372036854775807", "-9223372036854775808", "+9223372036854775807",
            "000000000000000000000000000000000000000001"})
    void numbers(String text) throws Exception {
        long number = new BigInteger(text).longValueExact();
        assertThat(bearer("Bearer ci:" + text + ":t").agentId()).isEqualTo(number);
    }

    /** Ids against what {@link BigInteger} knows, where both read the same language. */
    @Test
    void idsAreDecimalNumbersOf64Bits() {
        Random random = new Random(1);
        int numbers = 0;
        for (int i = 0; i < 20_000; i++) {
            StringBuilder text = new StringBuilder();
            int length = random.nextInt(24);
            for (int j = 0; j < length; j++) {
                text.append(random.nextInt(4) > 0 ? (char) ('0' + random.nextInt(10)) : ALPHABET.charAt(random.nextInt(ALPHABET.length())));
            }
            String id = text.toString();
            boolean syntax = id.matches("[+-]?[0-9]+");
            boolean fits = syntax && new BigInteger(id).bitLength() < 64;
            assertThat(DecimalNumber.problem(id).orElse("")).as(id)
                    .isEqualTo(fits ? "" : syntax ? "value out of range" : "invalid syntax");
            numbers += fits ? 1 : 0;
        }
        assertThat(numbers).as("good ones among them").isPositive();
    }

    /** Whatever a client sends, the outcome is a credential or an error that says nothing of the token. */
    @Test
    void anythingAtAll() {
        Random random = new Random(2);
        List<String> pieces = List.of("Bearer ", "bearer ", "ci", "pat", ":", "1", "abc", " ", "tok3n", "%", "%41", "\"", "\\", ";", "=",
                "_gitlab_kas=", "_gitlab_kas", "+", "\u00ff", "a=b; ");
        for (int i = 0; i < 20_000; i++) {
            StringBuilder value = new StringBuilder();
            for (int j = random.nextInt(9); j > 0; j--) {
                value.append(pieces.get(random.nextInt(pieces.size())));
            }
            // what is taken for an id is shown; everything behind it is not
            String secret = value + "tok3n";
            Map<String, List<String>> headers = random.nextBoolean()
                    ? Map.of("Authorization", List.of("Bearer ci:x:" + secret))
                    : Map.of("Cookie", List.of(secret), "Gitlab-Agent-Id", List.of("x"), "X-Csrf-Token", List.of("tok3n"));
            CredentialException failure = catchThrowableOfType(CredentialException.class, () -> read(headers, Map.of()));
            assertThat(failure).as("outcome of %s", headers).isNotNull();
            assertThat(failure.getMessage()).doesNotContain("tok3n");
        }
    }

    @Test
    void credentialsDoNotPrintTheirSecrets() {
        for (Credential credential : List.of(new JobToken(7, "s3cret"), new PersonalAccessToken(7, "s3cret"),
                new SessionCookie(7, "s3cret", "s3cret"))) {
            assertThat(credential.toString()).contains("7").doesNotContain("s3cret");
        }
    }
}
