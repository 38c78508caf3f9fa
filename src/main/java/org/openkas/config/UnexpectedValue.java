package org.openkas.config;

import com.fasterxml.jackson.databind.JsonNode;

/** A value in the file is of another type than its key wants. Caught where the place in the file is known. */
final class UnexpectedValue extends Exception {
    private static final long serialVersionUID = 1L;

    private final boolean syntax;
    private final String place;

    private UnexpectedValue(boolean syntax, String place, String message) {
        super(message, null, false, false);
        this.syntax = syntax;
        this.place = place;
    }

    /** A value of type {@code type} was expected. */
    static UnexpectedValue notA(String type, JsonNode value) {
        return because("invalid value for " + type + " type: " + CanonicalJson.token(value));
    }

    /** The value's type is right, but not what it says. */
    static UnexpectedValue because(String text) {
        return new UnexpectedValue(false, "", text);
    }

    /** Something of another shape was expected, such as a mapping. */
    static UnexpectedValue shape(JsonNode value) {
        return new UnexpectedValue(true, "", "unexpected token " + CanonicalJson.token(value));
    }

    /** The same, said of one part of the value: {@code [1]} for the second item of a list. */
    UnexpectedValue at(String part) {
        return new UnexpectedValue(syntax, part + place, String.valueOf(getMessage()));
    }

    /** Which part of the value is meant; empty for the whole. */
    String place() {
        return place;
    }

    /** The text as the reference words it, for the given column. */
    String text(int column) {
        return "proto: " + (syntax ? "syntax error " : "") + "(line 1:" + column + "): " + getMessage();
    }
}
