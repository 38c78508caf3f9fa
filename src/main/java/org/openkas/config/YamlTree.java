package org.openkas.config;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
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
 * yes/no/on/off/y/n are booleans, dates and times stay text, keys become text (chapter 01 §5.2.2, chapter 05 §3.2). Thread-safe.
 */
public final class YamlTree {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    /** More than any honest file has; aliases of aliases can make billions of a few lines. */
    private static final int MAX_NODES = 200_000;
    /** Aliases can stack what the nesting limit allows; what reads the tree goes down into it step by step. */
    private static final int MAX_DEPTH = 500;

    private int size;
    private final Set<Object> path = Collections.newSetFromMap(new IdentityHashMap<>());

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
        // what aliases lead to is counted below
        options.setMaxAliasesForCollections(MAX_NODES);
        options.setNestingDepthLimit(100);
        // tags make no objects here, see Values
        options.setTagInspector(tag -> true);
        Yaml yaml = new Yaml(new Values(options), new Representer(new DumperOptions()), new DumperOptions(), options, new Words());
        try {
            Iterator<Object> documents = yaml.loadAll(text).iterator();
            return new YamlTree().tree(documents.hasNext() ? documents.next() : null);
        } catch (TooLargeException e) {
            throw new YamlException("yaml: document contains excessive aliasing", e);
        } catch (MarkedYAMLException e) {
            String where = e.getProblemMark() == null ? "" : "line " + (e.getProblemMark().getLine() + 1) + ": ";
            throw new YamlException("yaml: " + where + oneLine(e.getProblem()), e);
        } catch (YAMLException e) {
            throw new YamlException("yaml: " + oneLine(e.getMessage()), e);
        }
    }

    private static String oneLine(@Nullable String text) {
        return text == null ? "unreadable" : text.lines().findFirst().orElse("unreadable").strip();
    }

    private JsonNode tree(@Nullable Object value) {
        if (++size > MAX_NODES) {
            throw new TooLargeException();
        }
        return switch (value) {
            case null -> NODES.nullNode();
            case Map<?, ?> map -> {
                enter(map);
                ObjectNode object = NODES.objectNode();
                map.forEach((key, member) -> object.set(String.valueOf(key), tree(member)));
                leave(map);
                yield object;
            }
            case Iterable<?> items -> {
                enter(items);
                ArrayNode array = NODES.arrayNode();
                items.forEach(item -> array.add(tree(item)));
                leave(items);
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

    private void leave(Object container) {
        path.remove(container);
    }

    private void enter(Object container) {
        if (!path.add(container)) {
            throw new YAMLException("anchor value contains itself");
        }
        if (path.size() > MAX_DEPTH) {
            throw new TooLargeException();
        }
    }

    /**
     * Values of YAML 1.1; the library's own reading of booleans does not know the one-letter words. Unknown tags mean nothing,
     * dates and {@code <<} in the place of a value are text.
     */
    private static final class Values extends SafeConstructor {
        Values(LoaderOptions options) {
            super(options);
            Construct longWords = new ConstructYamlBool();
            yamlConstructors.put(Tag.BOOL, new AbstractConstruct() {
                @Override
                public Object construct(Node node) {
                    String word = ((ScalarNode) node).getValue();
                    return word.length() == 1 ? word.equalsIgnoreCase("y") : longWords.construct(node);
                }
            });
            Construct text = new ConstructYamlStr();
            yamlConstructors.put(Tag.TIMESTAMP, text);
            yamlConstructors.put(Tag.MERGE, text);
            yamlConstructors.put(null, new Untagged(text, new ConstructYamlSeq(), new ConstructYamlMap()));
        }
    }

    /** By the shape of a node alone. */
    private record Untagged(Construct text, Construct items, Construct members) implements Construct {
        private Construct of(Node node) {
            return switch (node.getNodeId()) {
                case sequence -> items;
                case mapping -> members;
                case scalar, anchor -> text;
            };
        }

        @Override
        public Object construct(Node node) {
            return of(node).construct(node);
        }

        @Override
        public void construct2ndStep(Node node, Object object) {
            of(node).construct2ndStep(node, object);
        }
    }

    /** The words of YAML 1.1 less dates and numbers with base 60, plus the one-letter booleans that the library leaves out. */
    private static final class Words extends Resolver {
        private static final Pattern ONE_LETTER = Pattern.compile("^(?:y|Y|n|N)$");

        @Override
        public void addImplicitResolver(Tag tag, Pattern regexp, String first, int limit) {
            if (tag.equals(Tag.INT) || tag.equals(Tag.FLOAT)) {
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
}
