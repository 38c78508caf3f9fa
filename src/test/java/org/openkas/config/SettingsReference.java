package org.openkas.config;

import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** Writes the reference of all settings as Markdown, from the same descriptions that read the file. */
final class SettingsReference {
    private SettingsReference() {
    }

    static String markdown() {
        StringBuilder text = new StringBuilder("""
                # Settings

                <!-- Generated from the code; see the last section. Do not edit. -->

                Settings come from three places, each laid over the one before:

                1. the YAML file, the same that KAS reads (`--configuration-file`, or property `openkas.configuration.file`),
                2. the output of the command of `config.command`, if there is one,
                3. properties of MicroProfile Config: system properties, environment variables, `microprofile-config.properties`.

                The whole is validated once. Every key `a.b` of the file is the property `openkas.a.b` and the environment variable
                `OPENKAS_A_B`. As properties, lists are written with commas and mappings as `name=value,name=value`; an empty property
                counts as not set. A section is made to exist, or taken away, by the property that ends in `.enabled`.

                * Durations are seconds followed by `s`: `300s`, `0.5s`.
                * Numbers given as 0 and empty texts mean the default; a duration of `0s` is kept.
                * Whole numbers go from 0 to 4294967295 unless the table says otherwise.
                * A key with nothing behind it counts as not given. Of two equal keys the last counts.
                * An unknown key is warned about and ignored.
                """);
        ConfigurationLoader.keys().stream().filter(key -> !key.path().contains(".")).forEach(root -> chapter(text, root));
        return text.append("""

                ## How this file is made

                `mvn test -Dtest=SettingsReferenceTest -Dopenkas.settings.write=true` writes it; the build fails when it is out of date.
                """).toString();
    }

    private static void chapter(StringBuilder text, SettingKey root) {
        text.append("\n## `").append(root.path()).append("`\n\n");
        Stream<SettingKey> keys = ConfigurationLoader.keys().stream();
        List<SettingKey> inside = keys.filter(key -> key.path().equals(root.path()) || key.path().startsWith(root.path() + ".")).toList();
        text.append("| key | what it does | type and rules | default | property | environment variable |\n|---|---|---|---|---|---|\n");
        inside.forEach(key -> row(text, key));
    }

    private static void row(StringBuilder text, SettingKey key) {
        boolean hasNames = key.form() == SettingKey.Form.VALUE || (key.form() == SettingKey.Form.SECTION && !ownEnabled(key));
        List<String> cells = List.of(code(key.path()), capital(key.meaning()), rules(key), fallback(key),
                hasNames ? code(key.propertyName()) : "",
                hasNames ? code(key.environmentName()) : "");
        text.append("| ").append(String.join(" | ", cells)).append(" |\n");
    }

    /** Whether {@code enabled} is a key inside the section. */
    private static boolean ownEnabled(SettingKey section) {
        return ConfigurationLoader.keys().stream()
                .anyMatch(key -> key.form() == SettingKey.Form.VALUE && key.path().equals(section.path() + ".enabled"));
    }

    private static String rules(SettingKey key) {
        return key.rule().isEmpty() ? key.type() : key.type() + "; " + key.rule();
    }

    private static String fallback(SettingKey key) {
        boolean words = key.form() != SettingKey.Form.VALUE || key.fallback().isEmpty();
        return words ? key.fallback() : code(key.fallback());
    }

    private static String capital(String words) {
        return words.substring(0, 1).toUpperCase(Locale.ROOT) + words.substring(1);
    }

    private static String code(String text) {
        return "`" + text + "`";
    }
}
