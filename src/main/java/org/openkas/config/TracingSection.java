package org.openkas.config;

import java.util.Optional;

/** {@code observability.tracing}: where traces go; off when the section is absent (chapter 05 §4.4, §14). Immutable. */
public record TracingSection(String otlpEndpoint, Optional<String> otlpTokenSecretFile, Optional<String> otlpCaCertificateFile) {

    static TracingSection read(MessageReader c) {
        c.ignored("connection_string", "where traces went in 14.x; no effect");
        return new TracingSection(
                c.text("otlp_endpoint", "http or https URL of the collector; host and path count").must(Rule.notEmpty()).orElse(""),
                c.text("otlp_token_secret_file", "file with the token to send to the collector; white space around it is dropped")
                        .explicit().must(Rule.notEmpty()).ifGiven(),
                c.text("otlp_ca_certificate_file", "PEM file of certificate authorities to trust when calling the collector").explicit()
                        .must(Rule.notEmpty()).ifGiven());
    }
}
