package org.openkas.repository;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.openkas.proto.entity.GitalyInfo;
import org.openkas.testkit.FakeGitaly;

class RepositoryReadersTest {
    private final List<String> asked = new ArrayList<>();
    private final RepositoryReaders readers = new RepositoryReaders(Map.of("jgit", named("jgit")), named("gitaly"));

    private RepositoryReader named(String name) {
        return new RepositoryReader() {
            @Override
            public Resolution resolve(Repository repository, String ref) {
                asked.add(name + " " + ref);
                return new Resolution.Empty();
            }

            @Override
            public void read(Repository repository, String revision, String path, long maximumSize, Chunks chunks) {
                asked.add(name + " " + revision + " " + path + " " + maximumSize);
            }

            @Override
            public void walk(Repository repository, String revision, String directory, boolean recursive, Visitor visitor) {
                asked.add(name + " " + revision + " " + directory + " " + recursive);
            }
        };
    }

    private static Repository at(String address) {
        return new Repository(GitalyInfo.newBuilder().setAddress(address).setToken("hidden").build(),
                FakeGitaly.repository("group/project"));
    }

    @ParameterizedTest
    @CsvSource({"jgit:/srv/a.git,jgit", "jgit:https://h/a,jgit", "tcp://h:1,gitaly", "unix:/jgit:x,gitaly", "jgit,gitaly", "'',gitaly"})
    void choosesByScheme(String address, String name) throws Exception {
        readers.resolve(at(address), "HEAD");
        readers.read(at(address), "1", "f", 7, chunk -> {
        });
        readers.walk(at(address), "1", "d", true, blob -> true);
        assertThat(asked).containsExactly(name + " HEAD", name + " 1 f 7", name + " 1 d true");
    }

    @Test
    void aRepositoryPrintsNoSecrets() {
        assertThat(at("jgit:https://u:secret@h/a")).hasToString("Repository[jgit:https://h/a, group/project.git]");
    }
}
