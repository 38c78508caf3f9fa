package org.openkas.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class UriTextTest {

    @ParameterizedTest
    @ValueSource(strings = {"http:", "http://", "mailto:x", "http://u:p@h:80/p?q#f", "http://h:99999", "http://h:80:80", "http://[::1]:80",
            "http://h/a b", "http://h?%zz", "HTTP://h", "http://h<x>", "http://[fe80::1%25en0]/", "http://\u00e9.com", "a+b-c.1://x",
            "unix:///x",
            "https://h:", "a:b:c", "https://gitlab.example.com/relative/"})
    void absoluteUris(String text) {
        assertThat(UriText.fault(text)).isEmpty();
        assertThat(UriText.absolute(text)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "http//x", "/x", "x", "//h/x", "*", "a/b:c"})
    void relativeUris(String text) {
        assertThat(UriText.fault(text)).isEmpty();
        assertThat(UriText.absolute(text)).isFalse();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '^', quoteCharacter = '`', textBlock = """
            ht_tp://x         ^ parse "ht_tp://x": first path segment in URL cannot contain colon
            1http://x         ^ parse "1http://x": first path segment in URL cannot contain colon
            ` http://h`       ^ parse " http://h": first path segment in URL cannot contain colon
            a b:c             ^ parse "a b:c": first path segment in URL cannot contain colon
            :foo              ^ parse ":foo": missing protocol scheme
            http://h:-1       ^ parse "http://h:-1": invalid port ":-1" after host
            http://a:b/       ^ parse "http://a:b/": invalid port ":b" after host
            http://[::1]x     ^ parse "http://[::1]x": invalid port "x" after host
            http://[::1       ^ parse "http://[::1": missing ']' in host
            http://h/%2       ^ parse "http://h/%2": invalid URL escape "%2"
            http://a/%zz      ^ parse "http://a/%zz": invalid URL escape "%zz"
            http://h#%zz      ^ parse "http://h#%zz": invalid URL escape "%zz"
            http://%zz/       ^ parse "http://%zz/": invalid URL escape "%zz"
            http://h%41       ^ parse "http://h%41": invalid URL escape "%41"
            http://%41:8080/  ^ parse "http://%41:8080/": invalid URL escape "%41"
            http://h\\x       ^ parse "http://h\\\\x": invalid character "\\\\" in host name
            `http://h `       ^ parse "http://h ": invalid character " " in host name
            http:// /         ^ parse "http:// /": invalid character " " in host name
            http://a b/       ^ parse "http://a b/": invalid character " " in host name
            http://us er@h    ^ parse "http://us er@h": net/url: invalid userinfo
            http://u%zz@h/    ^ parse "http://u%zz@h/": invalid URL escape "%zz"
            """)
    void textsThatAreNoUris(String text, String fault) {
        assertThat(UriText.fault(text)).contains(fault);
    }
}
