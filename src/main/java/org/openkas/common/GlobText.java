package org.openkas.common;

import java.util.ArrayList;
import java.util.List;
import org.openkas.common.Glob.MalformedException;

/** What can be told of a piece of a pattern without a path. */
final class GlobText {

    /** The alternatives of a brace, and what follows it. */
    record Braces(List<String> alternatives, String rest) {
    }

    private GlobText() {
    }

    /** Where a character first stands without a backslash before it, or -1. */
    static int find(String text, char wanted) {
        int at = text.indexOf(wanted);
        while (at > 0 && text.charAt(at - 1) == '\\') {
            at = text.indexOf(wanted, at + 1);
        }
        return at;
    }

    /** Takes a brace apart; {@code from} is the index behind it. */
    static Braces braces(String pattern, int from) throws MalformedException {
        List<String> alternatives = new ArrayList<>();
        int begin = from;
        int depth = 1;
        for (int i = from; i < pattern.length(); i++) {
            switch (pattern.charAt(i)) {
                case '\\' -> i++;
                case '{' -> depth++;
                case ',' -> {
                    if (depth == 1) {
                        alternatives.add(pattern.substring(begin, i));
                        begin = i + 1;
                    }
                }
                case '}' -> {
                    depth--;
                    if (depth == 0) {
                        alternatives.add(pattern.substring(begin, i));
                        return new Braces(alternatives, pattern.substring(i + 1));
                    }
                }
                default -> {
                    // part of an alternative
                }
            }
        }
        throw new MalformedException();
    }

    /** Whether the pattern is one that matches nothing at all. */
    static boolean zeroLength(String pattern) throws MalformedException {
        if (!pattern.startsWith("{")) {
            return pattern.isEmpty() || pattern.equals("*") || pattern.equals("**");
        }
        Braces braces = braces(pattern, 1);
        // what follows is looked at first, and a mistake there counts
        if (!zeroLength(braces.rest())) {
            return false;
        }
        for (String alternative : braces.alternatives()) {
            if (zeroLength(alternative)) {
                return true;
            }
        }
        return false;
    }

    /**
     * Whether a character is in a class.
     *
     * @param members what stands between the brackets
     */
    static boolean inClass(String members, int character) throws MalformedException {
        int[] runes = members.codePoints().toArray();
        if (runes.length == 0) {
            throw new MalformedException();
        }
        boolean negated = runes[0] == '^';
        boolean in = false;
        int i = negated ? 1 : 0;
        while (i < runes.length) {
            boolean escapedLow = runes[i] == '\\';
            int low = member(runes, i);
            i += escapedLow ? 2 : 1;
            int high = low;
            if (i < runes.length && runes[i] == '-') {
                i++;
                high = member(runes, i);
                i += runes[i] == '\\' ? 2 : 1;
            }
            in |= low <= character && character <= high;
        }
        return in != negated;
    }

    /** The character that the end of a range at an index stands for. */
    private static int member(int[] runes, int index) throws MalformedException {
        boolean escaped = index < runes.length && runes[index] == '\\';
        int at = escaped ? index + 1 : index;
        if (at >= runes.length || (!escaped && runes[at] == '-')) {
            throw new MalformedException();
        }
        return runes[at];
    }
}
