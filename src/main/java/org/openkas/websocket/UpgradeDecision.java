package org.openkas.websocket;

import java.util.Map;

/** What to answer to a request for an upgrade (chapter 01 §2.3). */
public sealed interface UpgradeDecision {

    /**
     * Answer 101 with these headers.
     *
     * @param headers {@code Upgrade}, {@code Connection}, {@code Sec-WebSocket-Accept} and, if there is one,
     *        {@code Sec-WebSocket-Protocol}
     * @param subprotocol the subprotocol in the client's spelling, or empty; see {@link UpgradeRules#checkSubprotocol}
     */
    record Accept(Map<String, String> headers, String subprotocol) implements UpgradeDecision {
    }

    /**
     * Refuse.
     *
     * @param status the HTTP status
     * @param body the body, with its line feed
     * @param headers headers besides {@code Server} and {@code Content-Length}
     */
    record Reject(int status, String body, Map<String, String> headers) implements UpgradeDecision {
    }
}
