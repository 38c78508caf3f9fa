package org.openkas.config;

import java.util.regex.Pattern;
import org.yaml.snakeyaml.nodes.Tag;
import org.yaml.snakeyaml.resolver.Resolver;

/**
 * Which unquoted words are no texts: those of YAML 1.1 less dates and numbers with base 60, plus one-letter booleans and a newer
 * form of octal numbers (chapter 05 §3.2). Not thread-safe: one text each.
 */
final class YamlWords extends Resolver {
    private static final Pattern ONE_LETTER = Pattern.compile("^(?:y|Y|n|N)$");
    private static final Pattern INTEGER = Pattern.compile("^[-+]?(?:0[bB][01_]+|0[oO]?[0-7_]+|0[xX][0-9a-fA-F_]+|[1-9][0-9_]*|0)$");

    @Override
    public void addImplicitResolver(Tag tag, Pattern regexp, String first, int limit) {
        if (tag.equals(Tag.INT)) {
            super.addImplicitResolver(tag, INTEGER, first, limit);
        } else if (tag.equals(Tag.FLOAT)) {
            super.addImplicitResolver(tag, Pattern.compile("(?!.*:)" + regexp.pattern()), first, limit);
        } else if (!tag.equals(Tag.TIMESTAMP)) {
            super.addImplicitResolver(tag, regexp, first, limit);
        }
    }

    @Override
    protected void addImplicitResolvers() {
        super.addImplicitResolvers();
        addImplicitResolver(Tag.BOOL, ONE_LETTER, "yYnN");
    }
}
