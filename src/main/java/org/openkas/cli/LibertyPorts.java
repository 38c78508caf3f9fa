package org.openkas.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/**
 * Open Liberty's own listeners as the environment wants them, in the form of variables of {@code server.xml}. Not set
 * means the default there; empty switches a port off.
 */
final class LibertyPorts {
    private static final String HTTPS_PORT = "OPENKAS_HTTPS_PORT";
    private static final String KEY_STORE = "OPENKAS_HTTPS_KEYSTORE_FILE";
    private static final String KEY_STORE_PASSWORD = "OPENKAS_HTTPS_KEYSTORE_PASSWORD";

    private final Map<String, String> environment;
    private final Map<String, String> variables = new TreeMap<>();

    private LibertyPorts(Map<String, String> environment) {
        this.environment = environment;
    }

    /**
     * The variables that the environment sets.
     *
     * @param httpsConfiguration the file to include when HTTPS is on
     * @param random makes the password of a key store that nobody but the server opens
     */
    static Map<String, String> variables(Map<String, String> environment, Path httpsConfiguration, RandomGenerator random)
            throws AbortedException {
        LibertyPorts ports = new LibertyPorts(environment);
        ports.port("OPENKAS_HTTP_PORT", "openkas.http.port");
        ports.port(HTTPS_PORT, "openkas.https.port");
        String host = ports.value("OPENKAS_HTTP_HOST");
        if (!host.isEmpty()) {
            ports.variables.put("openkas.http.host", host);
        }
        if (!ports.value(HTTPS_PORT).isEmpty()) {
            ports.variables.put("openkas.https.include", httpsConfiguration.toString());
            ports.keyStore(random);
        }
        return ports.variables;
    }

    private void keyStore(RandomGenerator random) throws AbortedException {
        String file = value(KEY_STORE);
        if (file.isEmpty()) {
            variables.put("openkas.https.keystore.password",
                    Long.toUnsignedString(random.nextLong(), 36) + Long.toUnsignedString(random.nextLong(), 36));
            return;
        }
        if (!Files.isReadable(Path.of(file))) {
            throw new AbortedException(
                    KEY_STORE + ": " + file + " cannot be read: name a PKCS#12 key store, or leave it away for a self-signed certificate");
        }
        variables.put("openkas.https.keystore.file", file);
        variables.put("openkas.https.keystore.password", value(KEY_STORE_PASSWORD));
    }

    private String value(String name) {
        return environment.getOrDefault(name, "").strip();
    }

    private void port(String name, String variable) throws AbortedException {
        if (environment.containsKey(name)) {
            String text = value(name);
            variables.put(variable, text.isEmpty() ? "-1" : Integer.toString(number(name, text)));
        }
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
