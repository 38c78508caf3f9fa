package org.openkas.gitaly;

import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.openkas.common.BuildInfo;
import org.openkas.common.SystemTimers;
import org.openkas.repository.Repository;
import org.openkas.repository.RepositoryReader;
import org.openkas.repository.RepositoryReaderContract;
import org.openkas.testkit.FakeGitaly;
import org.openkas.testkit.TestRepository;

class GitalyRepositoryReaderContractTest extends RepositoryReaderContract {
    private final FakeGitaly gitaly = FakeGitaly.onTcp();
    private final SystemTimers timers = new SystemTimers(Executors.newVirtualThreadPerTaskExecutor());
    private final GitalyRepositoryReader reader = new GitalyRepositoryReader(new RateLimits(10_000, 10_000, 10_000, 10_000),
            BuildInfo.UNKNOWN,
            timers, new Random(1), Map.of(), List.of(), RateLimitObserver.NONE);

    GitalyRepositoryReaderContractTest() {
        gitaly.requireToken("secret");
    }

    @AfterEach
    void close() {
        reader.close();
        gitaly.close();
        timers.close();
    }

    @Override
    protected TestRepository project() {
        return gitaly.repository("group/project", temporary.resolve("project.git"));
    }

    @Override
    protected Repository repository() {
        return new Repository(gitaly.info("secret"), FakeGitaly.repository("group/project"));
    }

    @Override
    protected Repository absent() {
        return new Repository(gitaly.info("secret"), FakeGitaly.repository("group/absent"));
    }

    @Override
    protected RepositoryReader reader() {
        return reader;
    }
}
