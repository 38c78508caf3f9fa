package org.openkas.distribution;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.openkas.testkit.FakeGitLab;

/**
 * Gives tests a {@link OmnibusSite} with a GitLab 16 that runs from its first use to the end of all tests; each test makes
 * agents of its own there.
 */
final class SharedSite implements ParameterResolver {
    private static final ExtensionContext.Namespace NAMESPACE = ExtensionContext.Namespace.create(SharedSite.class);

    /** The site and what goes with it. */
    private static final class Shared implements AutoCloseable {
        final OmnibusSite site;
        final AtomicLong agents = new AtomicLong();
        private final Path directory;

        Shared() {
            try {
                directory = Files.createTempDirectory("omnibus-");
                site = new OmnibusSite(directory, FakeGitLab.release16(), "debug", "");
            } catch (Exception e) {
                throw new IllegalStateException("the server under test did not start", e);
            }
        }

        @Override
        public void close() {
            site.close();
            try (Stream<Path> files = Files.walk(directory)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private static Shared shared(ExtensionContext context) {
        return context.getRoot().getStore(NAMESPACE).computeIfAbsent(Shared.class, key -> new Shared(), Shared.class);
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        Class<?> type = parameter.getParameter().getType();
        return type == OmnibusSite.class || type == OmnibusSite.Agent.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        Shared shared = shared(context);
        if (parameter.getParameter().getType() == OmnibusSite.class) {
            return shared.site;
        }
        long id = shared.agents.incrementAndGet();
        return shared.site.new Agent("agent-" + id, id);
    }
}
