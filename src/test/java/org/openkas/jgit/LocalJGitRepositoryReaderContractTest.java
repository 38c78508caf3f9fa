package org.openkas.jgit;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.eclipse.jgit.api.Git;
import org.eclipse.jgit.api.PackRefsCommand;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.openkas.proto.entity.GitalyInfo;
import org.openkas.repository.Repository;
import org.openkas.repository.RepositoryReader;
import org.openkas.repository.RepositoryReaderContract;
import org.openkas.testkit.FakeGitaly;
import org.openkas.testkit.TestRepository;

class LocalJGitRepositoryReaderContractTest extends RepositoryReaderContract {
    private TestRepository project;
    private JGitRepositoryReader reader;

    @AfterEach
    void close() {
        if (project != null) {
            project.close();
        }
    }

    static Repository at(String place) {
        return new Repository(GitalyInfo.newBuilder().setAddress("jgit:" + place).build(), FakeGitaly.repository("group/project"));
    }

    @Override
    protected TestRepository project() {
        project = TestRepository.create(temporary.resolve("project.git"));
        return project;
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
            reader = new JGitRepositoryReader(temporary.resolve("work"));
        }
        return reader;
    }

    @Test
    void readsAWorkingTreeAndAFileUrl() throws Exception {
        project().commit("main", Map.of("f", "1"));
        Path tree = temporary.resolve("tree");
        try (Git clone = Git.cloneRepository().setURI(project.directory().toUri().toString()).setDirectory(tree.toFile()).call()) {
            Files.writeString(tree.resolve("f"), "2");
            clone.add().addFilepattern("f").call();
            String id = clone.commit().setMessage("two").setAuthor("a", "a@example.org").setCommitter("a", "a@example.org").setSign(false)
                    .call()
                    .name();
            Repository local = at(tree.toString());
            assertThat(reader().resolve(local, "HEAD")).hasToString("Commit[id=" + id + "]");
            reader().read(local, id, "f", 0, chunk -> assertThat(chunk.toStringUtf8()).isEqualTo("2"));
            assertThat(reader().resolve(at(tree.toUri().toString()), "refs/heads/main")).hasToString("Commit[id=" + id + "]");
        }
    }

    @Test
    void seesPackedRefsAndPackedObjects() throws Exception {
        project();
        for (int i = 0; i < 5; i++) {
            String commit = project.commit("main", Map.of("f", "" + i));
            try (Git git = Git.wrap(project.git())) {
                PackRefsCommand pack = git.packRefs();
                pack.setAll(true).call();
                git.gc().setPrunePreserved(true).call();
            }
            assertThat(resolve("refs/heads/main")).isEqualTo(commit);
            assertThat(content(commit, "f", 0)).isEqualTo("" + i);
        }
    }

    @Test
    void leavesTheRepositoryAndTheWorkDirectoryAlone() throws Exception {
        project().commit("main", Map.of("f", "1"));
        long before = count(project.directory());
        resolve("HEAD");
        content(resolve("HEAD"), "f", 0);
        assertThat(count(project.directory())).isEqualTo(before);
        assertThat(temporary.resolve("work")).doesNotExist();
    }

    private static long count(Path directory) throws Exception {
        try (Stream<Path> all = Files.walk(directory)) {
            return all.count();
        }
    }
}
