package org.openkas.app;

import io.grpc.ClientInterceptor;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.openkas.config.GitalySection;
import org.openkas.config.GitopsSection;
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
import org.openkas.repository.SharedReader;
import org.openkas.standalone.StandaloneAgent;
import org.openkas.standalone.StandaloneRefWatches;

/**
 * Everything that reads Git: through Gitaly, or directly.
 *
 * @param watches for agents' configurations
 * @param manifestWatches for manifests, which have a period of their own
 * @param manifests reads manifests, for all agents that want the same once
 */
record Repositories(RepositoryReader reader, RefWatches watches, CachedFiles files, RefWatches manifestWatches, RepositoryReader manifests,
        List<AutoCloseable> closers) {
    /** A repository on this machine costs nothing to look at, and nobody tells us about pushes to it. */
    private static final Duration LOCAL_PERIOD = Duration.ofSeconds(1);

    /** Files of agents at their commits; thousands of agents fit in, as they are small. */
    private static final long FILE_CACHE_BYTES = 16L << 20;

    /** Longer listings are not shared, whatever an operator allows. */
    private static final int MOST_LISTED = 10_000;

    /** Small manifests and listings of the commits that agents synchronise at present. */
    private static final long MANIFEST_CACHE_BYTES = 32L << 20;

    /** {@code counted} sees every call of Gitaly. */
    static Repositories of(KasConfiguration configuration, ClientInterceptor counted, Ground ground) {
        GitalyRepositoryReader gitaly = new GitalyRepositoryReader(limits(configuration.gitaly()), ground.build(), ground.timers(),
                ground.random(),
                ground.variables(), ground.calls(counted), observer(ground));
        boolean standalone = configuration.standalone().isPresent();
        // GitLab names Gitaly servers only: an answer of it must never make this server read a directory of its own host
        RepositoryReader reader = standalone
                ? new RepositoryReaders(Map.of(StandaloneAgent.SCHEME, new JGitRepositoryReader(ground.work().resolve("repositories"))),
                        gitaly)
                : gitaly;
        GitopsSection gitops = configuration.agent().gitops();
        // one more than are allowed, so that a listing tells when there are too many
        int longestListing = (int) Math.min(gitops.maxNumberOfFiles(), MOST_LISTED) + 1;
        return new Repositories(reader,
                watches(reader, standalone, PollingRefWatches.Pace::ofConfigurations, configuration.agent().configuration().pollPeriod(),
                        ground),
                new CachedFiles(reader, FILE_CACHE_BYTES, ground.timers(), ground.executor()),
                watches(reader, standalone, PollingRefWatches.Pace::ofManifests, gitops.pollPeriod(), ground),
                new SharedReader(reader, longestListing, MANIFEST_CACHE_BYTES, ground.timers()), List.of(gitaly));
    }

    private static RefWatches watches(RepositoryReader reader, boolean standalone, Function<Duration, PollingRefWatches.Pace> pace,
            Duration period, Ground ground) {
        PollingRefWatches far = watches(reader, pace.apply(period), ground);
        return standalone ? new StandaloneRefWatches(watches(reader, pace.apply(LOCAL_PERIOD), ground), far) : far;
    }

    private static PollingRefWatches watches(RepositoryReader reader, PollingRefWatches.Pace pace, Ground ground) {
        return new PollingRefWatches(reader, pace, ground.timers(), ground.random(), ground.executor(), ground.log());
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
