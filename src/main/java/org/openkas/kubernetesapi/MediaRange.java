package org.openkas.kubernetesapi;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A clause of an {@code Accept} header. Immutable.
 *
 * @param parameters without the quality
 */
record MediaRange(String type, String subtype, double quality, Map<String, String> parameters) {

    /** The clauses of one line, the most wanted first (chapter 03 §9.3). */
    static List<MediaRange> parse(String line) {
        List<MediaRange> ranges = new ArrayList<>();
        for (String clause : line.split(",", -1)) {
            String[] parts = clause.split(";", -1);
            String[] type = parts[0].strip().split("/", -1);
            if (type.length == 2 || (type.length == 1 && type[0].equals("*"))) {
                ranges.add(of(type[0], type.length == 2 ? type[1] : "*", parts));
            }
        }
        ranges.sort(Comparator.comparingDouble((MediaRange range) -> -range.quality).thenComparing(MediaRange::wild));
        return ranges;
    }

    private static MediaRange of(String type, String subtype, String[] parts) {
        double quality = 1;
        Map<String, String> parameters = new LinkedHashMap<>();
        for (int i = 1; i < parts.length; i++) {
            int equals = parts[i].indexOf('=');
            String name = (equals < 0 ? parts[i] : parts[i].substring(0, equals)).strip();
            String value = equals < 0 ? "" : parts[i].substring(equals + 1).strip();
            if (name.equals("q")) {
                quality = quality(value);
            } else if (!name.isEmpty()) {
                parameters.put(name, value);
            }
        }
        return new MediaRange(type, subtype, quality, parameters);
    }

    private static double quality(String text) {
        try {
            return Double.parseDouble(text);
        } catch (NumberFormatException e) {
            return 1;
        }
    }

    boolean wild() {
        return type.equals("*") || subtype.equals("*");
    }

    /** Whether a media type such as {@code application/json} falls into this range. */
    boolean covers(String mediaType) {
        int slash = mediaType.indexOf('/');
        if (type.equals("*")) {
            return subtype.equals("*");
        }
        return type.equals(mediaType.substring(0, slash)) && (subtype.equals("*") || subtype.equals(mediaType.substring(slash + 1)));
    }
}
