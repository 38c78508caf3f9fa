package org.openkas.config;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Lays properties over the file: every key is also the property {@code openkas.} and its path. Property
 * {@code openkas.<section>.enabled} makes a section exist ({@code true}) or takes it away ({@code false}). Texts are
 * validated later, with the file. Not thread-safe.
 */
final class PropertyOverlay {
    private final List<SettingKey> keys;
    private final PropertySource properties;
    private final Set<String> set = new HashSet<>();

    PropertyOverlay(List<SettingKey> keys, PropertySource properties) {
        this.keys = keys;
        this.properties = properties;
    }

    /**
     * Changes {@code tree} and tells which paths properties have set.
     *
     * @throws ConfigurationException if a section's property is neither true nor false
     */
    Set<String> applyTo(ObjectNode tree) throws ConfigurationException {
        Set<String> names = new HashSet<>();
        for (SettingKey key : keys) {
            if (key.form() == SettingKey.Form.VALUE) {
                names.add(key.propertyName());
                properties.value(key.propertyName()).ifPresent(text -> put(tree, key.path(), key.property().apply(text)));
            }
        }
        for (SettingKey key : keys) {
            Optional<String> wanted = key.form() == SettingKey.Form.SECTION && !names.contains(key.propertyName())
                    ? properties.value(key.propertyName())
                    : Optional.empty();
            if (wanted.isPresent()) {
                section(tree, key, wanted.get());
            }
        }
        return set;
    }

    private void section(ObjectNode tree, SettingKey key, String wanted) throws ConfigurationException {
        JsonNode flag = key.property().apply(wanted);
        if (!flag.isBoolean()) {
            throw new ConfigurationException("property " + key.propertyName() + ": write true or false, not \"" + wanted + "\"");
        }
        JsonNode there = tree.at("/" + key.path().replace('.', '/'));
        if (flag.booleanValue() && (there.isMissingNode() || there.isNull())) {
            put(tree, key.path(), tree.objectNode());
        } else if (!flag.booleanValue() && !there.isMissingNode()) {
            put(tree, key.path(), tree.nullNode());
        }
    }

    private void put(ObjectNode tree, String path, JsonNode value) {
        ObjectNode parent = tree;
        String[] names = path.split("\\.", -1);
        for (int i = 0; i < names.length - 1; i++) {
            JsonNode next = parent.path(names[i]);
            if (next.isMissingNode() || next.isNull()) {
                next = parent.putObject(names[i]);
            }
            if (!(next instanceof ObjectNode object)) {
                return; // the file has something else than a mapping here; reading the tree will say so
            }
            parent = object;
        }
        parent.set(names[names.length - 1], value);
        set.add(path);
    }
}
