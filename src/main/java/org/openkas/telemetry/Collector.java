package org.openkas.telemetry;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporterBuilder;
import io.opentelemetry.sdk.common.export.ProxyOptions;
import io.opentelemetry.sdk.resources.Resource;
import java.net.URI;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.openkas.common.BuildInfo;
import org.openkas.config.TracingTarget;
import org.openkas.gitlab.EnvironmentProxies;
import org.openkas.gitlab.GitLabSetupException;
import org.openkas.gitlab.TrustedCertificates;

/** The collector that traces are sent to, and how it is reached (chapter 05 §7, §14). */
final class Collector {
    private static final String SERVICE = "gitlab-kas";

    private Collector() {
    }

    /**
     * A tracer whose spans go there; nothing is connected yet.
     *
     * @param authorities a PEM file of certificate authorities to trust besides those of the host
     * @param environment the environment variables
     * @throws GitLabSetupException if the file or a variable cannot be used
     */
    static CollectorTracer tracer(TracingTarget target, Optional<String> authorities, Map<String, String> environment, BuildInfo build)
            throws GitLabSetupException {
        URI uri = target.uri();
        TrustedCertificates trusted = TrustedCertificates.ofHost(environment);
        if (authorities.isPresent()) {
            trusted = trusted.and(Path.of(authorities.get()));
        }
        EnvironmentProxies proxies = EnvironmentProxies.of(environment);
        OtelVariables variables = new OtelVariables(environment);
        Map<String, String> headers = headers(target, variables);
        OtlpHttpSpanExporterBuilder exporter = OtlpHttpSpanExporter.builder().setEndpoint(uri.toString())
                .setProxy(ProxyOptions.create(proxies)).setHeaders(() -> {
                    Map<String, String> all = new HashMap<>(headers);
                    proxies.authorization(uri).ifPresent(value -> all.put("Proxy-Authorization", value));
                    return all;
                })
                // the default is whoever the current thread belongs to, which may be the application server
                .setServiceClassLoader(Collector.class.getClassLoader());
        if (uri.getScheme().equals("https")) {
            exporter.setSslContext(trusted.clientContext(), trusted.clientTrust());
        }
        variables.timeout().ifPresent(exporter::setTimeout);
        if (variables.gzip()) {
            exporter.setCompression("gzip");
        }
        return new CollectorTracer(resource(environment, build), exporter.build(), variables);
    }

    /** A token of the configuration takes the place of all headers that the environment names. */
    private static Map<String, String> headers(TracingTarget target, OtelVariables variables) {
        return target.token().map(token -> token.text().startsWith("glpat-")
                ? Map.of("Private-Token", token.text())
                : Map.of("Authorization", "Bearer " + token.text())).orElseGet(variables::headers);
    }

    /** What all spans have in common: what the environment says, and above it who we are. */
    static Resource resource(Map<String, String> environment, BuildInfo build) {
        AttributesBuilder given = Attributes.builder();
        new OtelVariables(environment).resourceAttributes().forEach(given::put);
        return Resource.getDefault().merge(Resource.create(given.build()))
                .merge(Resource.create(Attributes.builder().put("service.name", SERVICE).put("service.version", build.version()).build()));
    }
}
