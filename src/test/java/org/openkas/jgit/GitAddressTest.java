package org.openkas.jgit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.eclipse.jgit.transport.URIish;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.openkas.repository.RepositoryException;

class GitAddressTest {

    @ParameterizedTest
    @CsvSource({"jgit:/srv/git/a.git,/srv/git/a.git", "jgit:file:///srv/a,/srv/a", "jgit:file:/srv/a,/srv/a",
            "jgit:/srv/x/../a b,/srv/a b"})
    void paths(String address, String path) throws Exception {
        assertThat(GitAddress.parse(address)).isEqualTo(new GitAddress.Local(Path.of(path)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"https://example.org/a.git", "http://example.org:8080/a", "git://h/a", "ssh://git@h:2222/a.git",
            "git@h:group/a.git"})
    void urls(String url) throws Exception {
        assertThat(GitAddress.parse("jgit:" + url)).isEqualTo(new GitAddress.Remote(new URIish(url)));
    }

    @Test
    void refusesWithoutRepeatingTheAddress() {
        assertThatThrownBy(() -> GitAddress.parse("jgit:")).hasMessage("invalid repository address: nothing follows jgit:");
        assertThatThrownBy(() -> GitAddress.parse("jgit:ftp://u:secret@h/a")).isInstanceOf(RepositoryException.class)
                .hasMessage("invalid repository address: scheme ftp is not one of file, git, http, https, ssh");
    }
}
