package org.openkas.message;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where in a tree a reader is: a member or an element of an outer place. Columns are those that the place has when the tree
 * is written in one line without blanks, so they cost nothing unless an error asks for them. Immutable.
 *
 * @param outer absent for the root
 * @param member name of the member, absent for an element
 * @param index number of the element, for elements
 */
record JsonPlace(@Nullable JsonPlace outer, @Nullable String member, int index) {
    static final JsonPlace ROOT = new JsonPlace(null, null, 0);

    JsonPlace member(String name) {
        return new JsonPlace(this, name, 0);
    }

    JsonPlace element(int number) {
        return new JsonPlace(this, null, number);
    }

    /** Such as {@code ci_access.projects[0].id}. */
    String path() {
        StringBuilder path = new StringBuilder();
        for (JsonPlace step : steps()) {
            if (step.member != null) {
                path.append(path.isEmpty() ? "" : ".").append(step.member);
            } else {
                path.append('[').append(step.index).append(']');
            }
        }
        return path.toString();
    }

    /** The column of the value at this place. */
    int valueColumn(JsonNode root) {
        return column(root, 0);
    }

    /** The column of this member's name. */
    int nameColumn(JsonNode root) {
        return column(root, member == null ? 0 : width(TextNode.valueOf(member)) + 1);
    }

    private int column(JsonNode root, int back) {
        int column = 1;
        JsonNode node = root;
        for (JsonPlace step : steps()) {
            column++;
            if (step.member != null) {
                for (Map.Entry<String, JsonNode> entry : node.properties()) {
                    int name = width(TextNode.valueOf(entry.getKey())) + 1;
                    if (entry.getKey().equals(step.member)) {
                        column += name;
                        break;
                    }
                    column += name + width(entry.getValue()) + 1;
                }
                node = node.path(step.member);
            } else {
                for (int i = 0; i < step.index; i++) {
                    column += width(node.path(i)) + 1;
                }
                node = node.path(step.index);
            }
        }
        return column - back;
    }

    private static int width(JsonNode node) {
        String text = node.toString();
        return text.codePointCount(0, text.length());
    }

    private Deque<JsonPlace> steps() {
        Deque<JsonPlace> steps = new ArrayDeque<>();
        JsonPlace step = this;
        while (step.outer != null) {
            steps.addFirst(step);
            step = step.outer;
        }
        return steps;
    }
}
