package org.openkas.kubernetesaccess;

import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** SHA-256 over halves of secrets: the names of remembered refusals (chapter 02 §4.1). One for each name; not thread-safe. */
final class HalfHash {
    private static final byte SEPARATOR = 0x0B;

    private final MessageDigest digest;

    HalfHash() {
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java runtime has SHA-256", e);
        }
    }

    /** The first half of the bytes of a secret, rounded down. */
    HalfHash half(String secret) {
        byte[] bytes = secret.getBytes(StandardCharsets.UTF_8);
        digest.update(bytes, 0, bytes.length / 2);
        return this;
    }

    HalfHash text(String text) {
        digest.update(text.getBytes(StandardCharsets.UTF_8));
        return this;
    }

    /** Eight bytes, the lowest first. */
    HalfHash number(long number) {
        digest.update(ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(number).flip());
        return this;
    }

    HalfHash separator() {
        digest.update(SEPARATOR);
        return this;
    }

    ByteString digest() {
        return ByteString.copyFrom(digest.digest());
    }
}
