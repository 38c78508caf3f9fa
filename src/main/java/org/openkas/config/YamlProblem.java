package org.openkas.config;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.composer.ComposerException;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.scanner.ScannerException;

/**
 * What is wrong with a YAML text, in the words of the reference's library, which operators search for (chapter 05 §3.1). Both
 * libraries descend from the same one and find the same faults in the same places; only their words differ. Without state.
 */
final class YamlProblem {
    private static final String IN_A_BLOCK = "while parsing a block ";

    /** Words of ours, and the reference's; {@code $1} is a part of ours. */
    private record Translation(Pattern ours, String reference) {
        static Translation of(String ours, String reference) {
            return new Translation(Pattern.compile(ours, Pattern.DOTALL), reference);
        }
    }

    private static final List<Translation> TRANSLATIONS = List.of(
            Translation.of("mapping (values|keys) are not allowed here.*", "mapping $1 are not allowed in this context"),
            Translation.of("sequence entries are not allowed here.*", "block sequence entries are not allowed in this context"),
            Translation.of("found character .* that cannot start any token.*", "found character that cannot start any token"),
            Translation.of("found unknown escape character .*", "found unknown escape character"),
            Translation.of("found unexpected document separator", "found unexpected document indicator"),
            Translation.of("expected alphabetic or numeric character, but found .*", "did not find expected alphabetic or numeric character"),
            Translation.of("expected chomping or indentation indicators, but found .*", "did not find expected comment or line break"),
            Translation.of("expected a comment or a line break, but found .*", "did not find expected comment or line break"),
            Translation.of("expected escape sequence of .*", "did not find expected hexdecimal number"),
            Translation.of("expected (',' or '.'), but got .*", "did not find expected $1"),
            Translation.of("expected the node content, but found .*", "did not find expected node content"),
            Translation.of("expected '(<document start>)', but found .*", "did not find expected $1"),
            Translation.of("found undefined alias (.*)", "unknown anchor '$1' referenced"),
            Translation.of("found undefined tag handle .*", "found undefined tag handle"),
            Translation.of("found incompatible YAML document .*", "found incompatible YAML document"),
            Translation.of("expected a mapping or list of mappings for merging, but found .*",
                    "map merge requires map or sequence of maps as the value"),
            Translation.of("special characters are not allowed.*", "control characters are not allowed"));

    private YamlProblem() {
    }

    /** The text of a fault that has a place in the file. */
    static String of(MarkedYAMLException fault) {
        String problem = problem(fault);
        return problem.startsWith("unknown anchor") || problem.startsWith("map merge") ? problem : where(fault) + problem;
    }

    /** The text of a fault that has none. */
    static String of(@Nullable String fault) {
        String line = fault == null ? "unreadable" : fault.lines().findFirst().orElse("unreadable").strip();
        return TRANSLATIONS.stream().map(each -> translated(each, line)).filter(text -> !text.isEmpty()).findFirst().orElse(line);
    }

    private static String problem(MarkedYAMLException fault) {
        String ours = String.valueOf(fault.getProblem());
        String context = String.valueOf(fault.getContext());
        if (ours.startsWith("expected <block end>, but found ") && context.startsWith(IN_A_BLOCK)) {
            return context.equals(IN_A_BLOCK + "mapping") ? "did not find expected key" : "did not find expected '-' indicator";
        }
        return of(ours);
    }

    private static String translated(Translation translation, String ours) {
        Matcher matcher = translation.ours.matcher(ours);
        return matcher.matches() ? matcher.replaceFirst(translation.reference) : "";
    }

    /** The reference names no line for the first one, and for all but faults of single tokens the line before. */
    private static String where(MarkedYAMLException fault) {
        int line = line(fault.getContextMark());
        if (line == 0) {
            line = line(fault.getProblemMark());
        }
        if (line == 0) {
            return "";
        }
        boolean exact = fault instanceof ScannerException || fault instanceof ComposerException;
        return "line " + (exact ? line + 1 : line) + ": ";
    }

    /** Counted from 0. */
    private static int line(@Nullable Mark mark) {
        return mark == null ? 0 : mark.getLine();
    }
}
