package org.openkas.websocket;

import java.util.List;

/** What the upgrade rules need to know of an HTTP request, whoever parsed it. */
public interface UpgradeRequest {

    /** The method as sent. */
    String method();

    /** The protocol as sent, {@code HTTP/1.1}. */
    String version();

    /** All lines of a header, in order; the name's case does not matter. */
    List<String> headers(String name);
}
