package org.openkas.demo;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Chooses objects by labels and fields, as {@code -l} and {@code --field-selector} do. */
final class Selector {
    private static final Pattern SET = Pattern.compile("\\s*(\\S+)\\s+(in|notin)\\s*\\(([^)]*)\\)\\s*");
    private static final Pattern EQUAL = Pattern.compile("\\s*([^=!\\s]+)\\s*(==|=|!=)\\s*(.*?)\\s*");

    private Selector() {
    }

    /** The objects that both texts choose; empty text chooses all. */
    static Predicate<JsonNode> of(String labels, String fields) throws ApiFailure {
        List<Predicate<JsonNode>> all = new ArrayList<>();
        // a comma within parentheses belongs to a set
        for (String part : labels.isBlank() ? new String[0] : labels.split(",(?![^(]*\\))", -1)) {
            Predicate<JsonNode> one = label(part);
            all.add(object -> one.test(object.path("metadata").path("labels")));
        }
        for (String part : fields.isBlank() ? new String[0] : fields.split(",", -1)) {
            Matcher equal = EQUAL.matcher(part);
            if (!equal.matches()) {
                throw ApiFailure.bad("unable to parse the field selector: " + part);
            }
            String pointer = "/" + equal.group(1).replace('.', '/');
            all.add(object -> object.at(pointer).asText().equals(equal.group(3)) != equal.group(2).equals("!="));
        }
        return object -> all.stream().allMatch(one -> one.test(object));
    }

    private static Predicate<JsonNode> label(String part) {
        Matcher set = SET.matcher(part);
        if (set.matches()) {
            List<String> values = Arrays.stream(set.group(3).split(",", -1)).map(String::strip).toList();
            return labels -> values.contains(labels.path(set.group(1)).asText()) == set.group(2).equals("in");
        }
        Matcher equal = EQUAL.matcher(part);
        if (equal.matches()) {
            boolean unequal = equal.group(2).equals("!=");
            return labels -> unequal
                    ? !labels.path(equal.group(1)).asText().equals(equal.group(3))
                    : labels.has(equal.group(1)) && labels.path(equal.group(1)).asText().equals(equal.group(3));
        }
        String name = part.strip();
        return name.startsWith("!") ? labels -> !labels.has(name.substring(1).strip()) : labels -> labels.has(name);
    }
}
