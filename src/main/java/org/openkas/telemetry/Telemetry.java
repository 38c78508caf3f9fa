package org.openkas.telemetry;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.openkas.common.BuildInfo;
import org.openkas.common.Log;
import org.openkas.config.ConfigurationException;
import org.openkas.config.ObservabilitySection;
import org.openkas.config.SentryDsn;
import org.openkas.config.TracingTarget;
import org.openkas.gitlab.EnvironmentProxies;
import org.openkas.gitlab.GitLabSetupException;
import org.openkas.gitlab.TrustedCertificates;
import org.openkas.tracing.Tracer;

/**
 * What leaves the server about itself: traces, and the errors of its log. Thread-safe.
 *
 * @param tracer begins spans; empty if tracing is off
 * @param log the server's log, whose errors go to Sentry if the configuration names one
 */
public record Telemetry(Optional<Tracer> tracer, Log log, List<AutoCloseable> parts) implements AutoCloseable {

    /**
     * As the configuration says; nothing is connected yet.
     *
     * @param environment the environment variables
     * @param log where the server's log goes
     * @throws ConfigurationException with the texts of chapter 05 §14, §15
     */
    public static Telemetry of(ObservabilitySection section, Map<String, String> environment, BuildInfo build, Log log)
            throws ConfigurationException {
        List<AutoCloseable> parts = new ArrayList<>();
        Optional<Tracer> tracer = Optional.empty();
        Log reported = log;
        try {
            if (section.tracing().isPresent()) {
                TracingTarget target = TracingTarget.of(section.tracing().get());
                CollectorTracer collector = Collector.tracer(target, section.tracing().get().otlpCaCertificateFile(), environment, build);
                CollectorFailures failures = new CollectorFailures(log);
                parts.add(() -> {
                    collector.close();
                    failures.close();
                });
                tracer = Optional.of(collector);
            }
            if (!section.sentry().dsn().isEmpty()) {
                SentrySender sender = sender(SentryDsn.parse(section.sentry().dsn()), section.sentry().environment(), environment, build,
                        log);
                parts.add(sender);
                reported = log.through(sink -> new ReportedErrors(sink, InstantSource.system(), sender::offer));
            }
        } catch (GitLabSetupException e) {
            close(parts);
            throw new ConfigurationException(String.valueOf(e.getMessage()), e);
        } catch (ConfigurationException e) {
            close(parts);
            throw e;
        }
        return new Telemetry(tracer, reported, List.copyOf(parts));
    }

    private static SentrySender sender(SentryDsn dsn, String name, Map<String, String> environment, BuildInfo build, Log log)
            throws GitLabSetupException {
        SentryEvent.Source source = new SentryEvent.Source(build.version(), name, hostName(), "openkas");
        return new SentrySender(dsn, source, TrustedCertificates.ofHost(environment), EnvironmentProxies.of(environment),
                InstantSource.system(), log);
    }

    private static String hostName() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "unknown";
        }
    }

    /** Sends what waits, for five seconds at most, and ends. Blocks. */
    @Override
    public void close() {
        close(parts);
    }

    /** All at once: each has its five seconds. */
    private static void close(List<AutoCloseable> parts) {
        List<Thread> closing = new ArrayList<>();
        for (AutoCloseable part : parts) {
            closing.add(Thread.ofVirtual().start(() -> closeOne(part)));
        }
        for (Thread thread : closing) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static void closeOne(AutoCloseable part) {
        try {
            part.close();
        } catch (Exception e) {
            throw new IllegalStateException("none of them throws", e);
        }
    }
}
