package org.openkas.config;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/**
 * Bytes that must not be seen: never prints itself, compares in a time that does not depend on where two secrets differ.
 * Immutable and thread-safe.
 */
public final class Secret {
    private final byte[] bytes;

    private Secret(byte[] bytes) {
        this.bytes = bytes.clone();
    }

    /** A secret of these bytes; the caller may change the array afterwards. */
    public static Secret of(byte[] bytes) {
        return new Secret(bytes);
    }

    /** The bytes, in an array of the caller's own: for whoever signs, verifies or sends. */
    public byte[] bytes() {
        return bytes.clone();
    }

    /** The bytes as UTF-8 text: for passwords and tokens that are sent as text. */
    public String text() {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /** How many bytes. */
    public int length() {
        return bytes.length;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Secret secret && MessageDigest.isEqual(bytes, secret.bytes);
    }

    /** The same for all secrets of one length, so that a printed hash tells nothing. */
    @Override
    public int hashCode() {
        return bytes.length;
    }

    @Override
    public String toString() {
        return "Secret[hidden]";
    }
}
