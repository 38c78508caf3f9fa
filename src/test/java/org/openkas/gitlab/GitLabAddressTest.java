package org.openkas.gitlab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GitLabAddressTest {

    @ParameterizedTest
    @DisplayName("GB-03: paths are joined with one slash")
    @CsvSource(textBlock = """
            https://h/ok,      '',   https://h/ok
            https://h/ok/,     '',   https://h/ok/
            https://h/ok/,     /,    https://h/ok/
            https://h,         '',   https://h/
            https://h/,        /,    https://h/
            https://h/a,       /b,   https://h/a/b
            https://h/a/,      /b/,  https://h/a/b/
            https://h/a,       b,    https://h/a/b
            http://h:8080/a%20b, /c d?e%f, http://h:8080/a%20b/c%20d%3Fe%25f
            https://h/gitlab/, /api/v4/internal/kubernetes/agent_info, https://h/gitlab/api/v4/internal/kubernetes/agent_info
            http://[::1]:8080, /ü,   http://[::1]:8080/%C3%BC
            """)
    void paths(String base, String path, String url) throws Exception {
        assertThat(GitLabAddress.parse(base).resolve(path, Map.of())).isEqualTo(URI.create(url));
    }

    @Test
    @DisplayName("GB-04: queries are merged, and the address's own is left out where the request has none")
    void queries() throws Exception {
        GitLabAddress address = GitLabAddress.parse("https://h/x?a=1&b=2&b=3");

        assertThat(address.resolve("/y", Map.of("key", List.of("val1")))).hasToString("https://h/x/y?a=1&b=2&b=3&key=val1");
        assertThat(address.resolve("/y", Map.of("b", List.of("new")))).hasToString("https://h/x/y?a=1&b=new");
        assertThat(address.resolve("/y", Map.of())).hasToString("https://h/x/y");
    }

    @Test
    @DisplayName("GB-05: values of a query are encoded as in a form, names are sorted")
    void encoding() throws Exception {
        assertThat(GitLabAddress.parse("https://h").resolve("/y", Map.of("id", List.of("bla/bla"), "a", List.of("b c~*+"))).getRawQuery())
                .isEqualTo("a=b+c~%2A%2B&id=bla%2Fbla");
    }

    @Test
    @DisplayName("GB-15: texts show no values of the query")
    void masked() {
        assertThat(GitLabAddress.masked(URI.create("http://example.com:0/abc?b=secret&a=1&b=2")))
                .isEqualTo("http://example.com:0/abc?a=x&b=x");
        assertThat(GitLabAddress.masked(URI.create("http://example.com/abc"))).isEqualTo("http://example.com/abc");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "gitlab.example.com", "/gitlab", "unix:/run/gitlab.sock", "ftp://h", "https://", "http:// h"})
    void nothingElseIsAnAddress(String address) {
        assertThatThrownBy(() -> GitLabAddress.parse(address)).isInstanceOf(GitLabSetupException.class)
                .hasMessageContaining("must look like https://gitlab.example.com");
    }
}
