package org.openkas.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class YamlTreeTest {

    @ParameterizedTest
    @ValueSource(strings = {"", "  \n", "# only a comment\n", "null", "---\n"})
    void nothingIsNull(String text) throws YamlException {
        assertThat(YamlTree.parse(text).isNull()).isTrue();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            a: yes          | {"a":true}
            a: off          | {"a":false}
            a: y            | {"a":true}
            a: N            | {"a":false}
            a: 'yes'        | {"a":"yes"}
            a: 2001-12-14   | {"a":"2001-12-14"}
            a: 010          | {"a":8}
            a: 1.5          | {"a":1.5}
            1: x            | {"1":"x"}
            true: x         | {"true":"x"}
            a: ~            | {"a":null}
            a: 300s         | {"a":"300s"}
            a: 0o10         | {"a":8}
            a: 010          | {"a":8}
            a: -0x1f        | {"a":-31}
            a: 1_000        | {"a":1000}
            a: 12:30:45     | {"a":"12:30:45"}
            a: 1e400        | {"a":"1e400"}
            a: <<           | {"a":"<<"}
            a: !!binary aGk= | {"a":"hi"}
            a: 1:30         | {"a":"1:30"}
            a: 190:20:30.5  | {"a":"190:20:30.5"}
            a: !ref 5       | {"a":"5"}
            a: !ref [b, 1]  | {"a":["b",1]}
            a: !ref {b: 1}  | {"a":{"b":1}}
            a: !!x/y z      | {"a":"z"}
            a: !!timestamp 2001-12-14 | {"a":"2001-12-14"}
            """)
    void readsValuesAsYaml11Does(String yaml, String json) throws YamlException {
        assertThat(YamlTree.parse(yaml).toString()).isEqualTo(json);
    }

    @Test
    @DisplayName("CO-58, AG-36: the last of duplicate keys and the first of several documents count")
    void duplicatesAndDocuments() throws YamlException {
        assertThat(YamlTree.parse("a: 1\na: 2\n---\na: 3\n").toString()).isEqualTo("{\"a\":2}");
    }

    @Test
    void anchorsAndMergeKeysWork() throws YamlException {
        assertThat(YamlTree.parse("base: &x {a: 1}\nmerged: {<<: *x, b: 2}").get("merged").toString()).isEqualTo("{\"a\":1,\"b\":2}");
    }

    @Test
    void anErrorNamesItsLine() {
        assertThatThrownBy(() -> YamlTree.parse("a: 1\n\tb: 2\n")).isInstanceOf(YamlException.class)
                .hasMessageStartingWith("yaml: line 2: ")
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
    }

    @ParameterizedTest
    @DisplayName("CO §3.1: faults are told in the words, and with the line, of the reference's library")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            a:\\n\\tb: 2            | line 2: found character that cannot start any token
            `\\t`                   | found character that cannot start any token
            @a                      | found character that cannot start any token
            {a: b\\n                | line 1: did not find expected ',' or '}'
            [a\\n                   | line 1: did not find expected ',' or ']'
            a: *x                   | unknown anchor 'x' referenced
            a: b\\n c: d             | line 2: mapping values are not allowed in this context
            a: b: c                 | mapping values are not allowed in this context
            a:\\n  b: c\\n d: e      | line 2: did not find expected key
            a: {}\\n- b             | line 1: did not find expected key
            "a\\\\q": 1              | found unknown escape character
            `a: |x\\n  text`        | did not find expected comment or line break
            }                       | did not find expected node content
            a: &a [*a]              | anchor 'a' value contains itself
            a: &a\\n  b: *a         | anchor 'a' value contains itself
            a:\\n  <<: 5            | map merge requires map or sequence of maps as the value
            {}\\7                    | control characters are not allowed
            """)
    void faults(String yaml, String text) {
        assertThatThrownBy(() -> YamlTree.parse(yaml.translateEscapes())).isInstanceOf(YamlException.class)
                .hasMessage("yaml: " + text);
    }

    @ParameterizedTest
    @DisplayName("AG-36: a value that contains itself is a mistake like others")
    @ValueSource(strings = {"a: &a [*a]", "a: &a {b: *a}", "a: &a {b: [{c: *a}]}"})
    void valuesThatContainThemselves(String text) {
        assertThatThrownBy(() -> YamlTree.parse(text)).isInstanceOf(YamlException.class).hasMessage("yaml: anchor 'a' value contains itself");
    }

    @Test
    void oneAnchorCanServeManyTimes() throws YamlException {
        String text = "x: &x {agent: {}}\nprojects:\n" + "- {id: p, access_as: *x}\n".repeat(500);
        assertThat(YamlTree.parse(text).get("projects")).hasSize(500)
                .allMatch(project -> project.toString().equals("{\"id\":\"p\",\"access_as\":{\"agent\":{}}}"));
    }

    @Test
    void aliasesCannotStackWithoutEnd() {
        StringBuilder text = new StringBuilder("a0: &a0 []\n");
        for (int level = 1; level <= 20; level++) {
            text.append("a%d: &a%d %s*a%d%s%n".formatted(level, level, "[".repeat(90), level - 1, "]".repeat(90)));
        }
        assertThatThrownBy(() -> YamlTree.parse(text.toString())).isInstanceOf(YamlException.class)
                .hasMessage("yaml: document contains excessive aliasing");
    }

    @Test
    void aliasesOfAliasesCannotExhaustMemory() {
        StringBuilder text = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for (int level = 1; level <= 8; level++) {
            String below = "*a" + (level - 1);
            text.append("a%d: &a%d [%s]%n".formatted(level, level, String.join(", ", java.util.Collections.nCopies(10, below))));
        }
        assertThatThrownBy(() -> YamlTree.parse(text.toString())).isInstanceOf(YamlException.class)
                .hasMessage("yaml: document contains excessive aliasing");
    }
}
