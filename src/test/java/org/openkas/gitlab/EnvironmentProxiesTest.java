package org.openkas.gitlab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetSocketAddress;
import java.net.URI;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EnvironmentProxiesTest {

    @Test
    void theSchemeOfTheUrlChoosesTheProxy() throws Exception {
        EnvironmentProxies proxies = EnvironmentProxies.of(Map.of("HTTP_PROXY", "http://plain:3128", "https_proxy", "secure"));

        assertThat(proxies.proxy(URI.create("http://gitlab.example.com"))).contains(InetSocketAddress.createUnresolved("plain", 3128));
        assertThat(proxies.proxy(URI.create("https://gitlab.example.com"))).contains(InetSocketAddress.createUnresolved("secure", 80));
        assertThat(EnvironmentProxies.of(Map.of()).proxy(URI.create("http://gitlab.example.com"))).isEmpty();
    }

    @Test
    void upperCaseWins() throws Exception {
        assertThat(EnvironmentProxies.of(Map.of("HTTP_PROXY", "upper:1", "http_proxy", "lower:2")).proxy(URI.create("http://h")))
                .contains(InetSocketAddress.createUnresolved("upper", 1));
    }

    @Test
    void aUserIsToldToTheProxy() throws Exception {
        assertThat(EnvironmentProxies.of(Map.of("HTTP_PROXY", "http://me:pass@p:1")).authorization(URI.create("http://h")))
                .contains("Basic bWU6cGFzcw==");
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
            'example.com',            http://gitlab.example.com, false
            'example.com',            http://example.com,        false
            'EXAMPLE.com',            http://Example.COM,        false
            '.example.com',           http://example.com,        true
            '*.example.com',          http://gitlab.example.com, false
            'example.com',            http://badexample.com,     true
            'example.com:80',         http://example.com,        false
            'example.com:8080',       http://example.com,        true
            '10.0.0.0/8',             http://10.1.2.3,           false
            '10.0.0.0/8, x',          http://11.1.2.3,           true
            '10.1.2.3',               http://10.1.2.3,           false
            '10.1.2.3:81',            http://10.1.2.3,           true
            '*',                      http://example.com,        false
            '',                       http://localhost:1,        false
            '',                       http://127.0.0.7,          false
            '',                       http://[::1]:80,           false
            '',                       http://example.com,        true
            'nonsense/x,:,/8',        http://example.com,        true
            """)
    void exceptions(String noProxy, String url, boolean proxied) throws Exception {
        EnvironmentProxies proxies = EnvironmentProxies.of(Map.of("HTTP_PROXY", "p:1", "NO_PROXY", noProxy));
        assertThat(proxies.proxy(URI.create(url)).isPresent()).isEqualTo(proxied);
    }

    @ParameterizedTest
    @ValueSource(strings = {"socks5://p:1", "https://user:hidden@p:1", "http://", "http:// hidden"})
    void otherProxiesAreRefused(String value) {
        assertThatThrownBy(() -> EnvironmentProxies.of(Map.of("HTTPS_PROXY", value))).isInstanceOf(GitLabSetupException.class)
                .hasMessageContaining("HTTPS_PROXY").hasMessageContaining("http://proxy.example.com:3128")
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain("hidden"));
    }
}
