package org.openkas.kubernetesaccess;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/** Finds and decodes the cookie of GitLab's session (chapter 03 §6.3). Without state. */
final class SessionCookies {
    private static final String NAME = "_gitlab_kas";

    private SessionCookies() {
    }

    /** The value of the first well-formed cookie of that name, still encoded. */
    static Optional<String> first(List<String> lines) {
        for (String line : lines) {
            for (String part : line.split(";", -1)) {
                String cookie = part.strip();
                int equals = cookie.indexOf('=');
                if ((equals < 0 ? cookie : cookie.substring(0, equals).strip()).equals(NAME)) {
                    String value = equals < 0 ? "" : unquoted(cookie.substring(equals + 1));
                    if (value.chars().allMatch(SessionCookies::legal)) {
                        return Optional.of(value);
                    }
                }
            }
        }
        return Optional.empty();
    }

    private static String unquoted(String value) {
        return value.length() > 1 && value.startsWith("\"") && value.endsWith("\"") ? value.substring(1, value.length() - 1) : value;
    }

    private static boolean legal(int character) {
        return character >= 0x20 && character < 0x7f && character != '"' && character != '\\';
    }

    /** The value as GitLab wants it back. */
    static String decoded(String value) throws CredentialException {
        if (value.isEmpty()) {
            throw new CredentialException(NAME + " cookie value must not be empty");
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(value.length());
        for (int i = 0; i < value.length(); i++) {
            char character = value.charAt(i);
            if (character == '%') {
                bytes.write(escaped(value, i));
                i += 2;
            } else {
                bytes.write(character == '+' ? ' ' : character);
            }
        }
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes.toByteArray())).toString();
        } catch (CharacterCodingException e) {
            throw invalid();
        }
    }

    private static int escaped(String value, int percent) throws CredentialException {
        if (percent + 2 >= value.length()) {
            throw invalid();
        }
        int high = Character.digit(value.charAt(percent + 1), 16);
        int low = Character.digit(value.charAt(percent + 2), 16);
        if (high < 0 || low < 0) {
            throw invalid();
        }
        return high << 4 | low;
    }

    private static CredentialException invalid() {
        return new CredentialException(NAME + " invalid cookie value");
    }
}
