package org.openkas.cli;

import java.util.Map;
import java.util.TreeMap;

/**
 * Open Liberty's own listeners as the environment wants them, in the form of variables of {@code server.xml}. Not set
 * means the default there; empty switches a port off.
 */
final class LibertyPorts {
    private LibertyPorts() {
    }

    /** The variables that the environment sets. */
    static Map<String, String> variables(Map<String, String> environment) throws AbortedException {
        Map<String, String> variables = new TreeMap<>();
        port("OPENKAS_HTTP_PORT", "openkas.http.port", environment, variables);
        port("OPENKAS_HTTPS_PORT", "openkas.https.port", environment, variables);
        String host = environment.get("OPENKAS_HTTP_HOST");
        if (host != null && !host.isBlank()) {
            variables.put("openkas.http.host", host.strip());
        }
        return variables;
    }

    private static void port(String name, String variable, Map<String, String> environment, Map<String, String> variables)
            throws AbortedException {
        String text = environment.get(name);
        if (text == null) {
            return;
        }
        variables.put(variable, text.isBlank() ? "-1" : Integer.toString(number(name, text.strip())));
    }

    private static int number(String name, String text) throws AbortedException {
        try {
            int port = Integer.parseInt(text);
            if (port >= 1 && port <= 65535) {
                return port;
            }
        } catch (NumberFormatException e) {
            throw new AbortedException(wrong(name, text), e);
        }
        throw new AbortedException(wrong(name, text));
    }

    private static String wrong(String name, String text) {
        return name + ": \"" + text + "\" is not a port: use a number from 1 to 65535, or empty text to switch the port off";
    }
}
