package org.openkas.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SentryDsnTest {

    @ParameterizedTest
    @DisplayName("a malformed DSN is refused with error tracker: and the reason, without its key")
    @CsvSource(delimiter = '|', value = {"notadsn | invalid scheme", "ftp://topkey@h/1 | invalid scheme",
            "http://127.0.0.1/17 | empty username",
            "http://@h/1 | empty username", "http://topkey@h | empty project id", "http://topkey@h/ | empty project id",
            "http://topkey@:99/1 | empty host", ":// | invalid url: parse \"://\": missing protocol scheme",
            "%zz | invalid url: parse \"%zz\": invalid URL escape \"%zz\"",
            "http://topkey:s@h:xx/1 | invalid url: parse \"http://hidden@h:xx/1\": invalid port \":xx\" after host"})
    void malformed(String dsn, String reason) {
        assertThatThrownBy(() -> SentryDsn.parse(dsn)).isInstanceOf(ConfigurationException.class)
                .hasMessage("error tracker: [Sentry] DsnParseError: " + reason);
    }

    @ParameterizedTest
    @DisplayName("a DSN names where envelopes go, and with which key")
    @CsvSource({"https://key@s/1,https://s/api/1/envelope/", "http://key:secret@s:99/path/17?x=y,http://s:99/path/api/17/envelope/",
            "http://key@s/abc,http://s/api/abc/envelope/"})
    void good(String dsn, String uri) throws ConfigurationException {
        SentryDsn parsed = SentryDsn.parse(dsn);
        assertThat(parsed.uri()).hasToString(uri);
        assertThat(parsed.key().text()).isEqualTo("key");
        assertThat(parsed.toString()).doesNotContain("key@").doesNotContain("=key");
    }
}
