package org.openkas.config;

import java.util.function.Function;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.constructor.AbstractConstruct;
import org.yaml.snakeyaml.constructor.Construct;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.Tag;

/**
 * Values as the reference reads them, which differs from the library's reading in some words and numbers; tags that it does not
 * know mean nothing (chapter 05 §3.2). Not thread-safe: one text each.
 */
final class YamlValues extends SafeConstructor {

    YamlValues(LoaderOptions options) {
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
        put(Tag.TIMESTAMP, ScalarNode::getValue);
        // the word that merges mappings where it is a key
        put(Tag.MERGE, ScalarNode::getValue);
        yamlConstructors.put(null, new Untagged(new ConstructYamlStr(), new ConstructYamlSeq(), new ConstructYamlMap()));
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
}
