package org.openkas.kubernetesapi;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Path and query of a request, decoded (chapter 03 §5, §10.3). Immutable.
 *
 * @param path not normalised; empty for the forms that have none, {@code *} if {@link #server the server} is meant
 * @param readable whether everything is text; if not, the path has replacement characters and the request cannot be sent on
 */
record RequestTarget(String path, Map<String, List<String>> query, boolean readable) {

    private static final RequestTarget NONE = new RequestTarget("", Map.of(), true);
    private static final RequestTarget SERVER = new RequestTarget("*", Map.of(), true);

    /**
     * Of the target in a request line, its bytes as Latin-1 characters.
     *
     * @return empty if it is malformed
     */
    static Optional<RequestTarget> of(String method, String target) {
        if (method.equals("CONNECT") && !target.startsWith("/")) {
            return Optional.of(NONE);
        }
        if (target.equals(SERVER.path)) {
            return Optional.of(SERVER);
        }
        String local = target;
        int scheme = target.indexOf("://");
        if (!target.startsWith("/")) {
            if (scheme <= 0) {
                return Optional.empty();
            }
            int end = scheme + 3;
            while (end < target.length() && target.charAt(end) != '/' && target.charAt(end) != '?') {
                end++;
            }
            local = target.substring(end);
        }
        int question = local.indexOf('?');
        Optional<byte[]> path = unescaped(question < 0 ? local : local.substring(0, question), false);
        if (path.isEmpty()) {
            return Optional.empty();
        }
        Map<String, List<String>> query = new LinkedHashMap<>();
        boolean readable = question < 0 || readQuery(local.substring(question + 1), query);
        Optional<String> text = text(path.get());
        query.replaceAll((name, values) -> List.copyOf(values));
        return Optional.of(new RequestTarget(text.orElseGet(() -> new String(path.get(), StandardCharsets.UTF_8)),
                Collections.unmodifiableMap(query), readable && text.isPresent()));
    }

    /** Whether the server itself is meant, not something in it. */
    boolean server() {
        return path.equals(SERVER.path);
    }

    /** Whether all of it is text. */
    private static boolean readQuery(String raw, Map<String, List<String>> query) {
        boolean readable = true;
        for (String pair : raw.split("&", -1)) {
            if (pair.isEmpty() || pair.indexOf(';') >= 0) {
                continue;
            }
            int equals = pair.indexOf('=');
            Optional<byte[]> name = unescaped(equals < 0 ? pair : pair.substring(0, equals), true);
            Optional<byte[]> value = unescaped(equals < 0 ? "" : pair.substring(equals + 1), true);
            if (name.isEmpty() || value.isEmpty()) {
                continue;
            }
            Optional<String> nameText = text(name.get());
            Optional<String> valueText = text(value.get());
            if (nameText.isEmpty() || valueText.isEmpty()) {
                readable = false;
            } else {
                query.computeIfAbsent(nameText.get(), ignored -> new ArrayList<>()).add(valueText.get());
            }
        }
        return readable;
    }

    private static Optional<String> text(byte[] bytes) {
        try {
            return Optional.of(StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString());
        } catch (CharacterCodingException e) {
            return Optional.empty();
        }
    }

    private static Optional<byte[]> unescaped(String text, boolean plusIsBlank) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(text.length());
        for (int i = 0; i < text.length(); i++) {
            char character = text.charAt(i);
            if (character == '%') {
                int high = i + 2 < text.length() ? Character.digit(text.charAt(i + 1), 16) : -1;
                int low = i + 2 < text.length() ? Character.digit(text.charAt(i + 2), 16) : -1;
                if (high < 0 || low < 0) {
                    return Optional.empty();
                }
                bytes.write(high << 4 | low);
                i += 2;
            } else {
                bytes.write(plusIsBlank && character == '+' ? ' ' : character);
            }
        }
        return Optional.of(bytes.toByteArray());
    }
}
