package org.openkas.kubernetesaccess;

import java.math.BigInteger;
import java.util.Optional;

/** Signed 64-bit numbers in the spelling that the reference takes: a sign or none, then ASCII digits (chapter 03 §6.2). */
final class DecimalNumber {
    private static final int MOST_DIGITS = 19;

    private DecimalNumber() {
    }

    /** Why a text is no such number; empty if it is one, and then {@link Long#parseLong} reads it. */
    static Optional<String> problem(String text) {
        int start = text.startsWith("+") || text.startsWith("-") ? 1 : 0;
        if (text.length() == start) {
            return Optional.of("invalid syntax");
        }
        int zeros = 0;
        for (int i = start; i < text.length(); i++) {
            char digit = text.charAt(i);
            if (digit < '0' || digit > '9') {
                return Optional.of("invalid syntax");
            }
            if (digit == '0' && zeros == i - start) {
                zeros++;
            }
        }
        boolean fits = text.length() - start - zeros <= MOST_DIGITS && new BigInteger(text).bitLength() < Long.SIZE;
        return fits ? Optional.empty() : Optional.of("value out of range");
    }
}
