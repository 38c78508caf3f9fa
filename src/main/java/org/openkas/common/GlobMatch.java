package org.openkas.common;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.openkas.common.Glob.MalformedException;

/**
 * One comparison of a pattern with a path, by the two levels of chapter 01 §5.5.7. What has been found out about a rest of
 * the pattern and a rest of the path is remembered, which keeps alternatives and stars from multiplying. For one thread.
 */
final class GlobMatch {
    private static final int MOST_STEPS = 200_000;
    /** What a thread's stack can take. */
    private static final int MOST_DEPTH = 1_000;

    private record Question(String pattern, String name) {
    }

    /** The rests of the pattern that the following components must match; no rest if there must be none. */
    private record Match(List<String> rests) {
        static final Match COMPLETE = new Match(List.of());
    }

    private final Map<Question, Boolean> paths = new HashMap<>();
    private final Map<Question, Optional<Match>> components = new HashMap<>();
    private int steps;
    private int depth;

    /** Whether the pattern matches the name, components and all. */
    boolean path(String pattern, String name) throws MalformedException {
        Question question = new Question(pattern, name);
        Boolean known = paths.get(question);
        if (known != null) {
            return known;
        }
        enter();
        boolean matches = comparePath(pattern, name);
        depth--;
        paths.put(question, matches);
        return matches;
    }

    private boolean comparePath(String pattern, String name) throws MalformedException {
        if (pattern.isEmpty() || name.isEmpty()) {
            return pattern.isEmpty() ? name.isEmpty() : GlobText.zeroLength(pattern);
        }
        int slash = GlobText.find(pattern, '/');
        String first = slash < 0 ? pattern : pattern.substring(0, slash);
        if (first.equals("**")) {
            return slash < 0 || anyTail(pattern.substring(slash + 1), name);
        }
        int end = GlobText.find(name, '/');
        Optional<Match> match = component(pattern, end < 0 ? name : name.substring(0, end));
        if (match.isEmpty()) {
            return false;
        }
        if (end < 0) {
            return match.get().rests().isEmpty();
        }
        String others = name.substring(end + 1);
        for (String rest : match.get().rests()) {
            if (path(rest, others)) {
                return true;
            }
        }
        return false;
    }

    /** Whether the pattern matches the name, or what remains of it behind one of its slashes. */
    private boolean anyTail(String pattern, String name) throws MalformedException {
        String tail = name;
        while (true) {
            int outside = depth;
            try {
                if (path(pattern, tail)) {
                    return true;
                }
            } catch (MalformedException e) {
                if (steps > MOST_STEPS) {
                    throw e;
                }
                // mistakes behind ** are not told
                depth = outside;
            }
            int slash = GlobText.find(tail, '/');
            if (slash < 0) {
                return false;
            }
            tail = tail.substring(slash + 1);
        }
    }

    private Optional<Match> component(String pattern, String name) throws MalformedException {
        Question question = new Question(pattern, name);
        Optional<Match> known = components.get(question);
        if (known != null) {
            return known;
        }
        enter();
        Optional<Match> match = compareComponent(pattern, name);
        depth--;
        components.put(question, match);
        return match;
    }

    private Optional<Match> compareComponent(String pattern, String name) throws MalformedException {
        int at = 0;
        int in = 0;
        while (at < pattern.length() && in < name.length()) {
            int wanted = pattern.codePointAt(at);
            int character = name.codePointAt(in);
            switch (wanted) {
                case '/' -> {
                    return Optional.empty();
                }
                case '*' -> {
                    return star(pattern.substring(at + 1), name.substring(in));
                }
                case '{' -> {
                    return alternatives(GlobText.braces(pattern, at + 1), name.substring(in));
                }
                case '[' -> {
                    int end = GlobText.find(pattern.substring(at + 1), ']');
                    if (end < 0) {
                        throw new MalformedException();
                    }
                    if (!GlobText.inClass(pattern.substring(at + 1, at + 1 + end), character)) {
                        return Optional.empty();
                    }
                    at += end + 2;
                }
                default -> {
                    if (wanted == '\\') {
                        at++;
                        if (at == pattern.length()) {
                            throw new MalformedException();
                        }
                    }
                    boolean anything = wanted == '?';
                    if (!anything && pattern.codePointAt(at) != character) {
                        return Optional.empty();
                    }
                    at += Character.charCount(pattern.codePointAt(at));
                }
            }
            in += Character.charCount(character);
        }
        return in < name.length() ? Optional.empty() : nameUsedUp(pattern.substring(at));
    }

    private Optional<Match> star(String rest, String name) throws MalformedException {
        if (rest.isEmpty()) {
            return Optional.of(Match.COMPLETE);
        }
        if (rest.startsWith("/")) {
            return Optional.of(new Match(List.of(rest.substring(1))));
        }
        for (int in = 0; in < name.length(); in = name.offsetByCodePoints(in, 1)) {
            Optional<Match> match = component(rest, name.substring(in));
            if (match.isPresent()) {
                return match;
            }
        }
        return Optional.empty();
    }

    /** The rests of all alternatives together: if one of them demands more components, another one's end is forgotten. */
    private Optional<Match> alternatives(GlobText.Braces braces, String name) throws MalformedException {
        List<String> rests = new ArrayList<>();
        boolean any = false;
        for (String alternative : braces.alternatives()) {
            Optional<Match> match = component(alternative + braces.rest(), name);
            any |= match.isPresent();
            match.ifPresent(found -> rests.addAll(found.rests()));
        }
        return any ? Optional.of(new Match(List.copyOf(new LinkedHashSet<>(rests)))) : Optional.empty();
    }

    private static Optional<Match> nameUsedUp(String pattern) throws MalformedException {
        int slash = GlobText.find(pattern, '/');
        if (!GlobText.zeroLength(slash < 0 ? pattern : pattern.substring(0, slash))) {
            return Optional.empty();
        }
        return Optional.of(slash < 0 ? Match.COMPLETE : new Match(List.of(pattern.substring(slash + 1))));
    }

    private void enter() throws MalformedException {
        depth++;
        steps++;
        if (steps > MOST_STEPS || depth > MOST_DEPTH) {
            throw new MalformedException();
        }
    }
}
