package org.openkas.config;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Checks of URIs with the reasons that the reference gives (chapter 05 §3.4). */
final class UriText {
    private static final Pattern SCHEME = Pattern.compile("([A-Za-z][A-Za-z0-9+.-]*):");
    private static final Pattern BAD_ESCAPE = Pattern.compile("%(?![0-9A-Fa-f]{2}).{0,2}", Pattern.DOTALL);
    private static final Pattern HOST_ESCAPE = Pattern.compile("%.{0,2}", Pattern.DOTALL);
    private static final Pattern CONTROL = Pattern.compile("[\\x00-\\x1f\\x7f]");
    private static final Pattern NOT_IN_HOSTS = Pattern.compile("[\\x00-\\x20\\x7f\\\\^`{}|]");
    private static final Pattern USER = Pattern.compile("[A-Za-z0-9._:~!$&'()*+,;=%@-]*");

    private UriText() {
    }

    /** Whether {@code text} begins with a scheme. */
    static boolean absolute(String text) {
        return SCHEME.matcher(text).lookingAt();
    }

    /** Why {@code text} is no URI; empty if it is one, absolute or not. */
    static Optional<String> fault(String text) {
        return cause(text).map(cause -> "parse " + CanonicalJson.quoted(text) + ": " + cause);
    }

    private static Optional<String> cause(String text) {
        if (CONTROL.matcher(text).find()) {
            return Optional.of("net/url: invalid control character in URL");
        }
        int hash = text.indexOf('#');
        String rest = hash < 0 ? text : text.substring(0, hash);
        Optional<String> fragment = hash < 0 ? Optional.empty() : escape(text.substring(hash + 1));
        if (rest.startsWith(":")) {
            return Optional.of("missing protocol scheme");
        }
        Matcher scheme = SCHEME.matcher(rest);
        String hierarchy = (scheme.lookingAt() ? rest.substring(scheme.end()) : rest).replaceFirst("\\?.*$", "");
        if (!absolute(rest) && hierarchy.replaceFirst("/.*$", "").contains(":")) {
            return Optional.of("first path segment in URL cannot contain colon");
        }
        if (absolute(rest) && !hierarchy.startsWith("/")) {
            return fragment;
        }
        if (!hierarchy.startsWith("//")) {
            return escape(hierarchy).or(() -> fragment);
        }
        int slash = hierarchy.indexOf('/', 2);
        String authority = slash < 0 ? hierarchy.substring(2) : hierarchy.substring(2, slash);
        return authority(authority).or(() -> slash < 0 ? Optional.empty() : escape(hierarchy.substring(slash))).or(() -> fragment);
    }

    private static Optional<String> authority(String authority) {
        int at = authority.lastIndexOf('@');
        String user = at < 0 ? "" : authority.substring(0, at);
        if (!USER.matcher(user).matches()) {
            return Optional.of("net/url: invalid userinfo");
        }
        return host(authority.substring(at + 1)).or(() -> escape(user));
    }

    private static Optional<String> host(String host) {
        int bracket = host.lastIndexOf(']');
        if (host.startsWith("[") && bracket < 0) {
            return Optional.of("missing ']' in host");
        }
        int colon = host.lastIndexOf(':');
        String port = host.startsWith("[") ? host.substring(bracket + 1) : colon < 0 ? "" : host.substring(colon);
        if (!port.matches("(:[0-9]*)?")) {
            return Optional.of("invalid port " + CanonicalJson.quoted(port) + " after host");
        }
        Matcher escape = HOST_ESCAPE.matcher(host);
        if (!host.startsWith("[") && escape.find()) {
            return Optional.of("invalid URL escape " + CanonicalJson.quoted(escape.group()));
        }
        Matcher character = NOT_IN_HOSTS.matcher(host);
        return character.find()
                ? Optional.of("invalid character " + CanonicalJson.quoted(character.group()) + " in host name")
                : Optional.empty();
    }

    private static Optional<String> escape(String text) {
        Matcher matcher = BAD_ESCAPE.matcher(text);
        return matcher.find() ? Optional.of("invalid URL escape " + CanonicalJson.quoted(matcher.group())) : Optional.empty();
    }
}
