package org.openkas.kubernetesapi;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** The forms in which Status objects can be written (chapter 03 §9.3). */
enum StatusFormat {
    /** Compact JSON. */
    JSON("application/json"),
    /** Indented JSON. */
    PRETTY_JSON("application/json"),
    /** YAML. */
    YAML("application/yaml"),
    /** Kubernetes' protobuf envelope. */
    PROTOBUF("application/vnd.kubernetes.protobuf");

    private static final List<StatusFormat> BY_PREFERENCE = List.of(JSON, YAML, PROTOBUF);
    private static final List<String> TRUE = List.of("1", "t", "T", "true", "TRUE", "True");
    private static final List<String> FOR_HUMANS = List.of("curl", "Wget", "Mozilla/5.0");

    private final String mediaType;

    StatusFormat(String mediaType) {
        this.mediaType = mediaType;
    }

    /** Without parameters: GitLab's dashboard compares for equality. */
    String mediaType() {
        return mediaType;
    }

    /** What the client wants; empty if it wants none of these. */
    static Optional<StatusFormat> of(HeaderLines headers, Map<String, List<String>> query) {
        String accept = headers.first("Accept").orElse("").strip();
        if (accept.isEmpty()) {
            return Optional.of(json(Map.of(), headers, query));
        }
        for (MediaRange range : MediaRange.parse(accept)) {
            for (StatusFormat format : BY_PREFERENCE) {
                if (range.covers(format.mediaType) && possible(range.parameters(), format)) {
                    return Optional.of(format == JSON ? json(range.parameters(), headers, query) : format);
                }
            }
        }
        return Optional.empty();
    }

    private static boolean possible(Map<String, String> parameters, StatusFormat format) {
        String stream = parameters.getOrDefault("stream", "");
        return Stream.of("as", "g", "v", "sv").allMatch(name -> parameters.getOrDefault(name, "").isEmpty())
                && (stream.isEmpty() || (stream.equals("watch") && format != YAML));
    }

    private static StatusFormat json(Map<String, String> parameters, HeaderLines headers, Map<String, List<String>> query) {
        if (parameters.getOrDefault("pretty", "").equals("1")) {
            return PRETTY_JSON;
        }
        List<String> wishes = query.getOrDefault("pretty", List.of());
        String wish = wishes.isEmpty() ? "" : wishes.getFirst();
        if (!wish.isEmpty()) {
            return TRUE.contains(wish) ? PRETTY_JSON : JSON;
        }
        String agent = headers.first("User-Agent").orElse("");
        return FOR_HUMANS.stream().anyMatch(agent::startsWith) ? PRETTY_JSON : JSON;
    }
}
