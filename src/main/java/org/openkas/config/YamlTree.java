package org.openkas.config;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.AbstractConstruct;
import org.yaml.snakeyaml.constructor.Construct;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.Tag;
import org.yaml.snakeyaml.representer.Representer;
import org.yaml.snakeyaml.resolver.Resolver;

/**
 * YAML 1.1 read as the reference reads it: first document only, the last of duplicate keys wins, merge keys work, unquoted
 * yes/no/on/off/y/n are booleans, dates and times of day stay text, keys become text (chapter 01 §5.2.2, chapter 05 §3.2). Thread-safe.
 */
public final class YamlTree {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    /** More than any honest file has; aliases of aliases can make billions of a few lines. */
    private static final int MAX_NODES = 200_000;

    private int size;

    private YamlTree() {
    }

    private static final class TooLargeException extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    /**
     * The first document of {@code text} as a JSON tree; a null node if there is none.
     *
     * @throws YamlException if the text is not YAML
     */
    public static JsonNode parse(String text) throws YamlException {
        LoaderOptions options = new LoaderOptions();
        options.setAllowDuplicateKeys(true);
        options.setWarnOnDuplicateKeys(false);
        options.setMaxAliasesForCollections(100);
        options.setNestingDepthLimit(100);
        Yaml yaml = new Yaml(new Values(options), new Representer(new DumperOptions()), new DumperOptions(), options, new Words());
        try {
            Iterator<Object> documents = yaml.loadAll(text).iterator();
            return new YamlTree().tree(documents.hasNext() ? documents.next() : null);
        } catch (TooLargeException e) {
            throw new YamlException("yaml: document contains excessive aliasing", e);
        } catch (MarkedYAMLException e) {
            throw new YamlException("yaml: " + YamlProblem.of(e), e);
        } catch (YAMLException e) {
            throw new YamlException("yaml: " + YamlProblem.of(e.getMessage()), e);
        }
    }

    private JsonNode tree(@Nullable Object value) {
        if (++size > MAX_NODES) {
            throw new TooLargeException();
        }
        return switch (value) {
            case null -> NODES.nullNode();
            case Map<?, ?> map -> {
                ObjectNode object = NODES.objectNode();
                map.forEach((key, member) -> object.set(String.valueOf(key), tree(member)));
                yield object;
            }
            case Iterable<?> items -> {
                ArrayNode array = NODES.arrayNode();
                items.forEach(item -> array.add(tree(item)));
                yield array;
            }
            case Boolean b -> NODES.booleanNode(b);
            case Integer i -> NODES.numberNode(i);
            case Long l -> NODES.numberNode(l);
            case BigInteger i -> NODES.numberNode(i);
            case Number n -> NODES.numberNode(n.doubleValue());
            case byte[] bytes -> NODES.textNode(new String(bytes, StandardCharsets.UTF_8));
            default -> NODES.textNode(value.toString());
        };
    }

    /** Values as the reference reads them, which differs from the library's reading in some words and numbers. */
    private static final class Values extends SafeConstructor {
        Values(LoaderOptions options) {
            super(options);
            Construct longWords = new ConstructYamlBool();
            put(Tag.BOOL, node -> {
                String word = node.getValue();
                return word.length() == 1 ? word.equalsIgnoreCase("y") : longWords.construct(node);
            });
            Construct integers = new ConstructYamlInt();
            put(Tag.INT, node -> integers
                    .construct(new ScalarNode(Tag.INT, node.getValue().replaceFirst("^([-+]?)0[oO]", "$10"), null, null, node.getScalarStyle())));
            Construct reals = new ConstructYamlFloat();
            put(Tag.FLOAT, node -> {
                Object real = reals.construct(node);
                // a number that is too large for one is a text
                return real instanceof Double d && d.isInfinite() && !node.getValue().contains(".") ? node.getValue() : real;
            });
            // the word that merges mappings where it is a key
            put(Tag.MERGE, ScalarNode::getValue);
        }

        private void put(Tag tag, Function<ScalarNode, Object> value) {
            yamlConstructors.put(tag, new AbstractConstruct() {
                @Override
                public Object construct(Node node) {
                    return value.apply((ScalarNode) node);
                }
            });
        }

        @Override
        protected Object constructObjectNoCheck(Node node) {
            if (node.isTwoStepsConstruction()) {
                throw new YAMLException("anchor '" + node.getAnchor() + "' value contains itself");
            }
            return super.constructObjectNoCheck(node);
        }
    }

    /** The words of YAML 1.1 less dates and times of day, plus one-letter booleans and a new form of octal numbers. */
    private static final class Words extends Resolver {
        private static final Pattern ONE_LETTER = Pattern.compile("^(?:y|Y|n|N)$");
        private static final Pattern INTEGER = Pattern
                .compile("^[-+]?(?:0[bB][01_]+|0[oO]?[0-7_]+|0[xX][0-9a-fA-F_]+|[1-9][0-9_]*|0)$");

        @Override
        public void addImplicitResolver(Tag tag, Pattern regexp, String first, int limit) {
            if (!tag.equals(Tag.TIMESTAMP)) {
                super.addImplicitResolver(tag, tag.equals(Tag.INT) ? INTEGER : regexp, first, limit);
            }
        }

        @Override
        protected void addImplicitResolvers() {
            super.addImplicitResolvers();
            addImplicitResolver(Tag.BOOL, ONE_LETTER, "yYnN");
        }
    }
}
