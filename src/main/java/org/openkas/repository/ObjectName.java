package org.openkas.repository;

import com.google.protobuf.ByteString;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/**
 * Git's name of a file's content: a hash of it. Only content that has the name it is listed under is given to others who
 * want that name; what a server of repositories says about names is otherwise not relied on (chapter 02 §5.7). Stateless.
 */
final class ObjectName {
    private static final int SHA1_DIGITS = 40;

    private ObjectName() {
    }

    /** Whether {@code name}, 40 or 64 hexadecimal digits, is the name of a file of these chunks. */
    static boolean fits(String name, List<ByteString> chunks, int size) {
        MessageDigest digest = digest(name.length() == SHA1_DIGITS ? "SHA-1" : "SHA-256");
        digest.update(("blob " + size + '\0').getBytes(StandardCharsets.US_ASCII));
        chunks.forEach(chunk -> digest.update(chunk.asReadOnlyByteBuffer()));
        return name.equals(HexFormat.of().formatHex(digest.digest()));
    }

    private static MessageDigest digest(String algorithm) {
        try {
            return MessageDigest.getInstance(algorithm);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java runtime has " + algorithm, e);
        }
    }
}
