package org.openkas.config;

import java.io.ByteArrayOutputStream;

/**
 * Standard Base64 as the reference decodes it: padding required, line feeds and carriage returns skipped wherever they
 * stand, and errors that name the same byte (chapter 05 §6.1).
 */
final class Base64Text {
    private static final String ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    private final byte[] text;
    private final ByteArrayOutputStream decoded = new ByteArrayOutputStream();
    private int at;

    private Base64Text(byte[] text) {
        this.text = text;
    }

    /** The bytes that {@code text} stands for. The message of a failure gives a position, never content. */
    static byte[] decode(byte[] text) throws ConfigurationException {
        Base64Text decoder = new Base64Text(text);
        boolean more = true;
        while (more) {
            more = decoder.quantum();
        }
        return decoder.decoded.toByteArray();
    }

    /** Decodes up to four characters; false at the end. */
    private boolean quantum() throws ConfigurationException {
        int bits = 0;
        for (int digits = 0; digits < 4; digits++) {
            skipLineBreaks();
            if (at == text.length) {
                if (digits > 0) {
                    throw illegal(at - digits);
                }
                return false;
            }
            if (text[at] == '=') {
                padding(digits);
                emit(bits << (6 * (4 - digits)), digits - 1);
                return false;
            }
            int value = ALPHABET.indexOf(text[at] & 0xff);
            if (value < 0) {
                throw illegal(at);
            }
            bits = (bits << 6) | value;
            at++;
        }
        emit(bits, 3);
        return true;
    }

    private void padding(int digits) throws ConfigurationException {
        int first = at++;
        if (digits < 2) {
            throw illegal(first);
        }
        skipLineBreaks();
        if (digits == 2) {
            if (at == text.length) {
                throw illegal(at);
            }
            if (text[at] != '=') {
                throw illegal(at - 1);
            }
            at++;
            skipLineBreaks();
        }
        if (at < text.length) {
            throw illegal(at);
        }
    }

    private void emit(int bits, int bytes) {
        for (int i = 0; i < bytes; i++) {
            decoded.write(bits >> (16 - 8 * i));
        }
    }

    private void skipLineBreaks() {
        while (at < text.length && (text[at] == '\n' || text[at] == '\r')) {
            at++;
        }
    }

    private static ConfigurationException illegal(int position) {
        return new ConfigurationException("illegal base64 data at input byte " + position);
    }
}
