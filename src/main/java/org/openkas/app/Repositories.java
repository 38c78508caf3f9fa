package org.openkas.app;

import io.grpc.ClientInterceptor;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.openkas.config.GitalySection;
import org.openkas.config.KasConfiguration;
import org.openkas.gitaly.GitalyRepositoryReader;
import org.openkas.gitaly.RateLimitObserver;
import org.openkas.gitaly.RateLimits;
import org.openkas.jgit.JGitRepositoryReader;
import org.openkas.repository.CachedFiles;
import org.openkas.repository.PollingRefWatches;
import org.openkas.repository.RefWatches;
import org.openkas.repository.RepositoryReader;
import org.openkas.repository.RepositoryReaders;
import org.openkas.standalone.StandaloneAgent;
import org.openkas.standalone.StandaloneRefWatches;

/** Everything that reads Git: through Gitaly, or directly. */
record Repositories(RepositoryReader reader, RefWatches watches, CachedFiles files, List<AutoCloseable> closers) {
    /** A repository on this machine costs nothing to look at, and nobody tells us about pushes to it. */
    private static final Duration LOCAL_PERIOD = Duration.ofSeconds(1);

    /** Files of agents at their commits; thousands of agents fit in, as they are small. */
    private static final long FILE_CACHE_BYTES = 16L << 20;

    /** {@code counted} sees every call of Gitaly. */
    static Repositories of(KasConfiguration configuration, ClientInterceptor counted, Ground ground) {
        GitalyRepositoryReader gitaly = new GitalyRepositoryReader(limits(configuration.gitaly()), ground.build(), ground.timers(),
                ground.random(),
                ground.variables(), List.of(counted), observer(ground));
        boolean standalone = configuration.standalone().isPresent();
        // GitLab names Gitaly servers only: an answer of it must never make this server read a directory of its own host
        RepositoryReader reader = standalone
                ? new RepositoryReaders(Map.of(StandaloneAgent.SCHEME, new JGitRepositoryReader(ground.work().resolve("repositories"))),
                        gitaly)
                : gitaly;
        PollingRefWatches far = watches(reader, configuration.agent().configuration().pollPeriod(), ground);
        PollingRefWatches near = watches(reader, LOCAL_PERIOD, ground);
        RefWatches watches = standalone ? new StandaloneRefWatches(near, far) : far;
        return new Repositories(reader, watches, new CachedFiles(reader, FILE_CACHE_BYTES, ground.timers(), ground.executor()),
                List.of(gitaly));
    }

    private static PollingRefWatches watches(RepositoryReader reader, Duration period, Ground ground) {
        return new PollingRefWatches(reader, period, ground.timers(), ground.random(), ground.executor(), ground.log());
    }

    private static RateLimits limits(GitalySection section) {
        return new RateLimits(section.globalApiRateLimit().refillRatePerSecond(), Agents.size(section.globalApiRateLimit()),
                section.perServerApiRateLimit().refillRatePerSecond(), Agents.size(section.perServerApiRateLimit()));
    }

    private static RateLimitObserver observer(Ground ground) {
        return new RateLimitObserver() {
            @Override
            public void limit(String limiter, String unit, double value) {
                ground.limiters().limit(limiter, unit, value);
            }

            @Override
            public void decided(String limiter, Duration blocked, boolean allowed) {
                ground.limiters().decided(limiter, blocked, allowed);
            }
        };
    }
}
