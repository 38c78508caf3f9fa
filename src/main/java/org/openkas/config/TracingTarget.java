package org.openkas.config;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.Optional;

/**
 * Where traces go and with which token, as section {@code observability.tracing} says (chapter 05 §14). Immutable; prints no
 * token.
 *
 * @param uri scheme, host, port and path that batches are posted to
 * @param token what the collector is shown, if anything
 */
public record TracingTarget(URI uri, Optional<Secret> token) {
    /** Where collectors take traces unless told otherwise. */
    private static final String USUAL_PATH = "/v1/traces";

    /**
     * Understands the endpoint and reads the token's file.
     *
     * @throws ConfigurationException such as {@code unsupported schema of tracing url "ftp", ...}
     */
    public static TracingTarget of(TracingSection section) throws ConfigurationException {
        URI uri = endpoint(section.otlpEndpoint());
        if (section.otlpTokenSecretFile().isEmpty()) {
            return new TracingTarget(uri, Optional.empty());
        }
        String file = section.otlpTokenSecretFile().get();
        Secret token;
        try {
            token = SecretFiles.trimmed(file);
        } catch (ConfigurationException e) {
            throw e.within("unable to read OTLP token from " + CanonicalJson.quoted(file) + ": ");
        }
        if (!token.text().chars().allMatch(c -> c >= 0x20 && c < 0x7f)) {
            throw new ConfigurationException("OTLP token from " + CanonicalJson.quoted(file)
                    + " contains characters that no header can carry (observability.tracing.otlp_token_secret_file: one line of text)");
        }
        return new TracingTarget(uri, Optional.of(token));
    }

    private static URI endpoint(String text) throws ConfigurationException {
        Optional<String> fault = UriText.fault(text);
        if (fault.isPresent()) {
            throw unparsable(text, fault.get());
        }
        String scheme = UriText.absolute(text) ? text.substring(0, text.indexOf(':')).toLowerCase(Locale.ROOT) : "";
        if (!scheme.equals("http") && !scheme.equals("https")) {
            throw new ConfigurationException("unsupported schema of tracing url " + CanonicalJson.quoted(scheme)
                    + ", only `http` and `https` are permitted");
        }
        try {
            URI given = new URI(text);
            if (given.getHost() == null) {
                throw unparsable(text, "it names no host");
            }
            String port = given.getPort() < 0 ? "" : ":" + given.getPort();
            String path = given.getRawPath().isEmpty() ? USUAL_PATH : given.getRawPath();
            return new URI(scheme + "://" + given.getHost() + port + path);
        } catch (URISyntaxException e) {
            throw unparsable(text, e.getReason());
        }
    }

    private static ConfigurationException unparsable(String text, String cause) {
        return new ConfigurationException("parsing tracing url " + text + " failed: " + cause);
    }
}
