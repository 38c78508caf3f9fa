package org.openkas.config;

import java.nio.charset.StandardCharsets;

/**
 * Reads secrets from files, each time anew (chapter 05 §6.1, §6.2). Failures name the file, never its content.
 */
public final class SecretFiles {
    private SecretFiles() {
    }

    /**
     * A secret written as Base64, of any length.
     *
     * @throws ConfigurationException beginning {@code read file: } or {@code decoding: }
     */
    public static Secret base64(String path) throws ConfigurationException {
        byte[] text;
        try {
            text = FileContent.read(path);
        } catch (ConfigurationException e) {
            throw e.within("read file: ");
        }
        try {
            return Secret.of(Base64Text.decode(text));
        } catch (ConfigurationException e) {
            throw e.within("decoding: ");
        }
    }

    /**
     * The bytes as they stand, a line feed at the end included: passwords of Redis and its sentinels.
     *
     * @throws ConfigurationException such as {@code open <path>: no such file or directory}
     */
    public static Secret verbatim(String path) throws ConfigurationException {
        return Secret.of(FileContent.read(path));
    }

    /**
     * The text without white space at both ends: the token for a trace collector.
     *
     * @throws ConfigurationException such as {@code open <path>: no such file or directory}
     */
    public static Secret trimmed(String path) throws ConfigurationException {
        String text = new String(FileContent.read(path), StandardCharsets.UTF_8);
        return Secret.of(text.strip().getBytes(StandardCharsets.UTF_8));
    }
}
