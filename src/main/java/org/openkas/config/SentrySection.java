package org.openkas.config;

/** {@code observability.sentry}: off when {@code dsn} is empty (chapter 05 §4.4). Immutable; never prints the DSN, which holds a key. */
public record SentrySection(String dsn, String environment) {

    static SentrySection read(MessageReader c) {
        return new SentrySection(c.text("dsn", "where Sentry takes errors; none are sent when empty").orElse(""),
                c.text("environment", "name of the environment that errors are filed under").orElse(""));
    }

    @Override
    public String toString() {
        return "SentrySection[dsn=" + (dsn.isEmpty() ? "" : "hidden") + ", environment=" + environment + "]";
    }
}
