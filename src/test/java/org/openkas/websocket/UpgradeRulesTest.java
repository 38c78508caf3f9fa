package org.openkas.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.openkas.websocket.UpgradeDecision.Accept;
import org.openkas.websocket.UpgradeDecision.Reject;

class UpgradeRulesTest {

    private record Request(String method, String version, List<String> lines) implements UpgradeRequest {
        @Override
        public List<String> headers(String name) {
            return lines.stream().filter(line -> line.regionMatches(true, 0, name + ": ", 0, name.length() + 2))
                    .map(line -> line.substring(name.length() + 2)).toList();
        }

        Request without(String name) {
            return new Request(method, version, lines.stream().filter(line -> !line.startsWith(name + ":")).toList());
        }

        Request with(String line) {
            List<String> more = new ArrayList<>(lines);
            more.add(line);
            return new Request(method, version, more);
        }
    }

    private static Request stock() {
        return new Request("GET", "HTTP/1.1",
                List.of("Host: kas.test:8150", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol: ws-tunnel"));
    }

    private static Reject rejected(Request request) {
        return (Reject) UpgradeRules.decide(request);
    }

    private static Accept accepted(Request request) {
        return (Accept) UpgradeRules.decide(request);
    }

    @Test
    void aStockUpgradeIsAccepted() {
        assertThat(accepted(stock()).headers()).containsExactlyInAnyOrderEntriesOf(Map.of("Upgrade", "websocket", "Connection", "Upgrade",
                "Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "Sec-WebSocket-Protocol", "ws-tunnel"));
        assertThat(UpgradeRules.checkSubprotocol(accepted(stock()).subprotocol())).isEmpty();
    }

    @Test
    @DisplayName("AG-08 no extension is negotiated")
    void noExtension() {
        assertThat(accepted(stock().with("Sec-WebSocket-Extensions: permessage-deflate")).headers())
                .doesNotContainKey("Sec-WebSocket-Extensions");
    }

    @Test
    void tokensAreFoundInAnyCaseAndOnAnyLine() {
        Request request = stock().without("Connection").with("Connection: keep-alive").with("connection: x , uPGRADE").without("Upgrade")
                .with("Upgrade: h2c, WebSocket").without("Sec-WebSocket-Protocol").with("Sec-WebSocket-Protocol: chat")
                .with("Sec-WebSocket-Protocol: a,WS-Tunnel");
        assertThat(accepted(request).subprotocol()).isEqualTo("WS-Tunnel");
        assertThat(UpgradeRules.checkSubprotocol("WS-Tunnel"))
                .hasValue(new CloseReason(1002, "Expecting \"ws-tunnel\" subprotocol, got \"WS-Tunnel\""));
    }

    @Test
    @DisplayName("AG-07 without a subprotocol the upgrade succeeds and the close follows")
    void noSubprotocol() {
        Accept accept = accepted(stock().without("Sec-WebSocket-Protocol"));
        assertThat(accept.headers()).doesNotContainKey("Sec-WebSocket-Protocol");
        assertThat(UpgradeRules.checkSubprotocol(accept.subprotocol()))
                .hasValue(new CloseReason(1002, "Expecting \"ws-tunnel\" subprotocol, got \"\""));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            Connection            |                                  | 426 | WebSocket protocol violation: Connection header "" does not contain Upgrade
            Connection            | Connection: close                | 426 | WebSocket protocol violation: Connection header "close" does not contain Upgrade
            Upgrade               |                                  | 426 | WebSocket protocol violation: Upgrade header "" does not contain websocket
            Upgrade               | Upgrade: h2c                     | 426 | WebSocket protocol violation: Upgrade header "h2c" does not contain websocket
            Sec-WebSocket-Version |                                  | 400 | unsupported WebSocket protocol version (only 13 is supported): ""
            Sec-WebSocket-Version | Sec-WebSocket-Version: 8         | 400 | unsupported WebSocket protocol version (only 13 is supported): "8"
            Sec-WebSocket-Key     |                                  | 400 | WebSocket protocol violation: missing Sec-WebSocket-Key
            Nothing               | Origin: https://kas.test         | 403 | request Origin "https://kas.test" is not authorized for Host "kas.test:8150"
            Nothing               | Origin: null                     | 403 | request Origin "null" is not authorized for Host "kas.test:8150"
            Nothing               | Origin: ::                       | 403 | request Origin "::" is not authorized for Host "kas.test:8150"
            """)
    @DisplayName("AG-05, AG-06 what is wrong is named")
    void rejections(String without, String with, int status, String text) {
        Request request = stock().without(without);
        Reject reject = rejected(with == null ? request : request.with(with));
        assertThat(reject.status()).isEqualTo(status);
        assertThat(reject.body()).isEqualTo(text + "\n");
        assertThat(reject.headers()).containsEntry("Content-Type", "text/plain; charset=utf-8").containsEntry("X-Content-Type-Options",
                "nosniff");
        if (status == 426) {
            assertThat(reject.headers()).containsEntry("Connection", "Upgrade").containsEntry("Upgrade", "websocket");
        }
        assertThat(reject.headers().containsKey("Sec-WebSocket-Version")).isEqualTo(text.startsWith("unsupported"));
    }

    @ParameterizedTest
    @CsvSource({"https://kas.test:8150", "http://KAS.test:8150", "https://user@kas.test:8150"})
    void anOriginOfTheSameHostIsFine(String origin) {
        assertThat(accepted(stock().with("Origin: " + origin))).isNotNull();
    }

    @Test
    @DisplayName("AG-06 the method, and the order of the checks")
    void order() {
        Request post = new Request("POST", "HTTP/1.1", stock().lines());
        assertThat(rejected(post).status()).isEqualTo(405);
        assertThat(rejected(post).body()).isEqualTo("WebSocket protocol violation: handshake request method is not GET but \"POST\"\n");
        assertThat(rejected(post.without("Sec-WebSocket-Version")).status()).isEqualTo(405);
        assertThat(rejected(post.without("Upgrade")).body()).contains("Upgrade header");
        assertThat(rejected(post.without("Upgrade").without("Connection")).body()).contains("Connection header");
        Reject old = rejected(new Request("POST", "HTTP/1.0", List.of()));
        assertThat(old.status()).isEqualTo(426);
        assertThat(old.body()).isEqualTo("WebSocket protocol violation: handshake request must be at least HTTP/1.1: \"HTTP/1.0\"\n");
        assertThat(old.headers()).doesNotContainKey("Upgrade");
        assertThat(rejected(stock().without("Sec-WebSocket-Key").without("Sec-WebSocket-Version")).body()).contains("unsupported");
    }

    @Test
    void aReasonFitsIntoACloseFrame() {
        assertThat(CloseReason.wrongSubprotocol("x".repeat(300)).reason()).hasSize(123).startsWith("Expecting");
        assertThat(CloseReason.violation("é".repeat(100)).reason()).isEqualTo("é".repeat(61));
    }
}
