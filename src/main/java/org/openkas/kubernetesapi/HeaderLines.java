package org.openkas.kubernetesapi;

import io.netty.handler.codec.http.HttpHeaders;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.openkas.common.HttpText;
import org.openkas.proto.prototool.Values;

/**
 * Headers by canonical name, the values of each in their order (chapter 03 §10.1). Changes; not thread-safe. Values that came
 * from the wire hold their bytes as Latin-1 characters until {@link #messages} reads them as UTF-8.
 */
final class HeaderLines {
    /** What concerns one connection only (chapter 03 §10.2, §12.2). */
    private static final List<String> HOP_BY_HOP = List.of("Connection", "Proxy-Connection", "Keep-Alive", "Proxy-Authenticate",
            "Proxy-Authorization", "Te", "Trailer", "Transfer-Encoding", "Upgrade");

    private final Map<String, List<String>> lines;

    private HeaderLines(Map<String, List<String>> lines) {
        this.lines = lines;
    }

    /** What a client sent. */
    static HeaderLines of(HttpHeaders headers) {
        Map<String, List<String>> lines = new LinkedHashMap<>();
        headers.iteratorCharSequence().forEachRemaining(
                line -> lines.computeIfAbsent(canonical(line.getKey().toString()), name -> new ArrayList<>(1))
                        .add(line.getValue().toString()));
        return new HeaderLines(lines);
    }

    /** What an agent sent. */
    static HeaderLines of(Map<String, Values> headers) {
        Map<String, List<String>> lines = new LinkedHashMap<>();
        headers.forEach(
                (name, values) -> lines.computeIfAbsent(canonical(name), ignored -> new ArrayList<>(1)).addAll(values.getValueList()));
        return new HeaderLines(lines);
    }

    HeaderLines copy() {
        Map<String, List<String>> copy = new LinkedHashMap<>();
        lines.forEach((name, values) -> copy.put(name, new ArrayList<>(values)));
        return new HeaderLines(copy);
    }

    /** The values of a header by its canonical name; empty if it is absent. */
    List<String> values(String name) {
        return lines.getOrDefault(name, List.of());
    }

    /** The same as text; what is not UTF-8 stays as it is. */
    List<String> texts(String name) {
        return values(name).stream().map(value -> text(value).orElse(value)).toList();
    }

    Optional<String> first(String name) {
        List<String> values = values(name);
        return values.isEmpty() ? Optional.empty() : Optional.of(values.getFirst());
    }

    boolean has(String name) {
        return !values(name).isEmpty();
    }

    Set<String> names() {
        return lines.keySet();
    }

    void remove(String name) {
        lines.remove(name);
    }

    void add(String name, String value) {
        lines.computeIfAbsent(name, ignored -> new ArrayList<>(1)).add(value);
    }

    void replace(String name, List<String> values) {
        lines.put(name, new ArrayList<>(values));
    }

    /** Removes what concerns the connection that this came from, except that an upgrade stays one. */
    void dropHopByHop() {
        List<String> upgrade = values("Upgrade");
        for (String named : values("Connection").stream().flatMap(line -> List.of(line.split(",", -1)).stream()).toList()) {
            lines.remove(canonical(named.strip()));
        }
        HOP_BY_HOP.forEach(lines::remove);
        if (!upgrade.isEmpty()) {
            replace("Upgrade", upgrade);
            replace("Connection", List.of("upgrade"));
        }
    }

    /** For an agent; empty if something is not UTF-8, which messages cannot hold. */
    Optional<Map<String, Values>> messages() {
        Map<String, Values> messages = new LinkedHashMap<>();
        for (Map.Entry<String, List<String>> header : lines.entrySet()) {
            Values.Builder values = Values.newBuilder();
            for (String value : header.getValue()) {
                Optional<String> text = text(value);
                if (text.isEmpty()) {
                    return Optional.empty();
                }
                values.addValue(text.get());
            }
            messages.put(header.getKey(), values.build());
        }
        return Optional.of(messages);
    }

    private static Optional<String> text(String latin1) {
        if (latin1.chars().allMatch(character -> character < 0x80)) {
            return Optional.of(latin1);
        }
        try {
            return Optional.of(StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(latin1.getBytes(StandardCharsets.ISO_8859_1)))
                    .toString());
        } catch (CharacterCodingException e) {
            return Optional.empty();
        }
    }

    /** {@code content-TYPE} becomes {@code Content-Type}; what is no name of a header stays as it is. */
    static String canonical(String name) {
        return HttpText.canonicalName(name);
    }

    /** Whether something can stand as the name of a header. */
    static boolean legalName(String name) {
        return HttpText.isToken(name);
    }

    /** Names in lower case. */
    static Set<String> lowerCase(List<String> names) {
        return names.stream().map(name -> name.toLowerCase(Locale.ROOT)).collect(Collectors.toCollection(TreeSet::new));
    }
}
