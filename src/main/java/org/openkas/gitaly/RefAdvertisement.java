package org.openkas.gitaly;

import com.google.protobuf.ByteString;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.openkas.repository.RepositoryException;

/**
 * Understands a reference advertisement of Git's protocol version 0 while it arrives in pieces of any size (chapter 02
 * §5.8). Holds one packet at most. Not thread-safe.
 */
final class RefAdvertisement {
    private static final int PREFIX = 4;
    private static final int LONGEST_PACKET = 65_520;
    private static final int LONGEST_QUOTE = 256;
    private static final ByteString SERVICE = ByteString.copyFromUtf8("# service=git-upload-pack");
    private static final ByteString NO_REFS = ByteString.copyFromUtf8("capabilities^{}");

    /** Takes references in the order of the advertisement. */
    @FunctionalInterface
    interface References {
        /** The next one; returns whether the rest of the advertisement is of no interest. */
        boolean reference(ByteString id, ByteString name);
    }

    private enum Expected {
        SERVICE, FLUSH, FIRST_REFERENCE, REFERENCE, END
    }

    private final References references;
    private Expected expected = Expected.SERVICE;
    private byte[] packet = new byte[1024];
    private int filled;
    private int length = PREFIX;

    RefAdvertisement(References references) {
        this.references = references;
    }

    /** Takes the next piece; returns whether no more are needed. */
    boolean take(ByteString piece) throws RepositoryException {
        int taken = 0;
        while (taken < piece.size()) {
            int count = Math.min(length - filled, piece.size() - taken);
            piece.substring(taken, taken + count).copyTo(packet, filled);
            taken += count;
            filled += count;
            if (filled == PREFIX && length == PREFIX) {
                length = length();
                if (length > packet.length) {
                    packet = Arrays.copyOf(packet, Math.max(length, Math.min(LONGEST_PACKET, 2 * packet.length)));
                }
            }
            if (filled >= length) {
                boolean flush = length == 0;
                ByteString payload = payload();
                filled = 0;
                length = PREFIX;
                if (packet(flush, payload)) {
                    return true;
                }
            }
        }
        return false;
    }

    /** The advertisement has ended. */
    void end() throws RepositoryException {
        if (filled > 0) {
            throw RepositoryException.badAdvertisement("incomplete packet");
        }
        if (expected != Expected.END) {
            throw RepositoryException.badAdvertisement("discovery ended prematurely");
        }
    }

    private int length() throws RepositoryException {
        int value = 0;
        for (int i = 0; i < PREFIX; i++) {
            int digit = Character.digit((char) (packet[i] & 0xff), 16);
            if (digit < 0) {
                throw RepositoryException.badAdvertisement("invalid packet length " + quote(ByteString.copyFrom(packet, 0, PREFIX)));
            }
            value = value << 4 | digit;
        }
        if (value > LONGEST_PACKET) {
            throw RepositoryException.badAdvertisement("packet of " + value + " bytes is too long");
        }
        return value;
    }

    private ByteString payload() {
        int end = filled > PREFIX && packet[filled - 1] == '\n' ? filled - 1 : filled;
        return ByteString.copyFrom(packet, PREFIX, end - PREFIX);
    }

    private boolean packet(boolean flush, ByteString payload) throws RepositoryException {
        switch (expected) {
            case SERVICE -> {
                if (!payload.equals(SERVICE)) {
                    throw RepositoryException.badAdvertisement("unexpected header " + quote(payload));
                }
                expected = Expected.FLUSH;
            }
            case FLUSH -> {
                if (!flush) {
                    throw RepositoryException.badAdvertisement("missing flush after service announcement");
                }
                expected = Expected.FIRST_REFERENCE;
            }
            case FIRST_REFERENCE -> {
                if (payload.isEmpty()) {
                    expected = Expected.END;
                    return false;
                }
                int capabilities = indexOf(payload, 0);
                if (capabilities < 0) {
                    throw RepositoryException.badAdvertisement("invalid first reference line");
                }
                expected = Expected.REFERENCE;
                return line(payload.substring(0, capabilities), true);
            }
            case REFERENCE -> {
                if (!flush) {
                    return line(payload, false);
                }
                expected = Expected.END;
            }
            case END -> throw RepositoryException.badAdvertisement("received packet after flush");
        }
        return false;
    }

    private boolean line(ByteString line, boolean first) throws RepositoryException {
        int space = indexOf(line, ' ');
        if (space < 0) {
            throw RepositoryException.badAdvertisement("invalid reference line");
        }
        ByteString id = line.substring(0, space);
        ByteString name = line.substring(space + 1);
        // Git 2.41 and newer has this line carry the capabilities of a repository without refs
        if (first && name.equals(NO_REFS) && allZero(id)) {
            return false;
        }
        return references.reference(id, name);
    }

    private static boolean allZero(ByteString id) {
        for (int i = 0; i < id.size(); i++) {
            if (id.byteAt(i) != '0') {
                return false;
            }
        }
        return true;
    }

    private static int indexOf(ByteString text, int wanted) {
        for (int i = 0; i < text.size(); i++) {
            if (text.byteAt(i) == wanted) {
                return i;
            }
        }
        return -1;
    }

    private static String quote(ByteString bytes) {
        StringBuilder text = new StringBuilder("\"");
        String content = bytes.substring(0, Math.min(bytes.size(), LONGEST_QUOTE)).toString(StandardCharsets.UTF_8);
        for (int i = 0; i < content.length(); i++) {
            char c = content.charAt(i);
            if (c == '"' || c == '\\') {
                text.append('\\').append(c);
            } else if (c < ' ' || c == 0x7f) {
                text.append(String.format("\\x%02x", (int) c));
            } else {
                text.append(c);
            }
        }
        return text.append('"').toString();
    }
}
