package org.openkas.config;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;

/**
 * Where a project of Sentry takes events: its DSN, taken apart (chapter 05 §15). Immutable; prints no key.
 *
 * @param uri where envelopes are posted to
 * @param key what the server shows there
 */
public record SentryDsn(URI uri, Secret key) {

    /**
     * Understands a DSN such as {@code https://key@sentry.example.com/17}.
     *
     * @throws ConfigurationException beginning {@code error tracker: }; without the key
     */
    public static SentryDsn parse(String text) throws ConfigurationException {
        Optional<String> fault = UriText.fault(text);
        if (fault.isPresent()) {
            throw wrong("invalid url: " + hidden(fault.get()));
        }
        String scheme = UriText.absolute(text) ? text.substring(0, text.indexOf(':')).toLowerCase(Locale.ROOT) : "";
        if (!scheme.equals("http") && !scheme.equals("https")) {
            throw wrong("invalid scheme");
        }
        String rest = text.substring(scheme.length() + 1).replaceFirst("^//", "").replaceFirst("[?#].*$", "");
        int slash = rest.indexOf('/');
        String authority = slash < 0 ? rest : rest.substring(0, slash);
        String path = slash < 0 ? "" : rest.substring(slash);
        int at = authority.lastIndexOf('@');
        String key = at < 0 ? "" : authority.substring(0, at).replaceFirst(":.*$", "");
        String host = authority.substring(at + 1);
        String project = path.substring(path.lastIndexOf('/') + 1);
        if (key.isEmpty()) {
            throw wrong("empty username");
        }
        if (host.replaceFirst(":[0-9]*$", "").isEmpty()) {
            throw wrong("empty host");
        }
        if (project.isEmpty()) {
            throw wrong("empty project id");
        }
        String parent = path.substring(0, path.lastIndexOf('/'));
        try {
            return new SentryDsn(new URI(scheme + "://" + host + parent + "/api/" + project + "/envelope/"),
                    Secret.of(key.getBytes(StandardCharsets.UTF_8)));
        } catch (URISyntaxException e) {
            throw wrong("invalid url: " + e.getReason());
        }
    }

    /** Error texts repeat what they are about, and its beginning is the key. */
    private static String hidden(String text) {
        return text.replaceFirst("//.*@", "//hidden@");
    }

    private static ConfigurationException wrong(String why) {
        return new ConfigurationException("error tracker: [Sentry] DsnParseError: " + why);
    }
}
