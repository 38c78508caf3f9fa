package org.openkas.repository;

import org.junit.jupiter.api.AfterEach;
import org.openkas.jgit.JGitRepositoryReader;
import org.openkas.proto.entity.GitalyInfo;
import org.openkas.testkit.FakeGitaly;
import org.openkas.testkit.FakeTimers;
import org.openkas.testkit.TestRepository;

/** A reader whose reads are shared is a reader like others. */
class SharedReaderContractTest extends RepositoryReaderContract {
    private TestRepository project;
    private RepositoryReader reader;

    @AfterEach
    void close() {
        if (project != null) {
            project.close();
        }
    }

    @Override
    protected TestRepository project() {
        project = TestRepository.create(temporary.resolve("project.git"));
        return project;
    }

    private static Repository at(String place) {
        return new Repository(GitalyInfo.newBuilder().setAddress("jgit:" + place).build(), FakeGitaly.repository("group/project"));
    }

    @Override
    protected Repository repository() {
        return at(project.directory().toString());
    }

    @Override
    protected Repository absent() {
        return at(temporary.resolve("absent.git").toString());
    }

    @Override
    protected RepositoryReader reader() {
        if (reader == null) {
            reader = new SharedReader(new JGitRepositoryReader(temporary.resolve("work")), 3, 1 << 20, new FakeTimers());
        }
        return reader;
    }
}
