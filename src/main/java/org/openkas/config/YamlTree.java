package org.openkas.config;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.representer.Representer;

/**
 * YAML 1.1 read as the reference reads it: first document only, the last of duplicate keys wins, merge keys work, unquoted
 * yes/no/on/off/y/n are booleans, dates and times of day stay text, keys become text (chapter 01 §5.2.2, chapter 05 §3.2).
 * Thread-safe.
 */
public final class YamlTree {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    /** More than any honest file has; aliases of aliases can make billions of a few lines. */
    private static final int MAX_NODES = 200_000;
    /** Aliases can stack what the nesting limit allows; what reads the tree goes down into it step by step. */
    private static final int MAX_DEPTH = 500;

    private int size;
    private int depth;

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
        // tags make no objects, see YamlValues
        options.setTagInspector(tag -> true);
        Yaml yaml = new Yaml(new YamlValues(options), new Representer(new DumperOptions()), new DumperOptions(), options, new YamlWords());
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
        if (++size > MAX_NODES || depth > MAX_DEPTH) {
            throw new TooLargeException();
        }
        depth++;
        JsonNode node = switch (value) {
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
        depth--;
        return node;
    }
}
