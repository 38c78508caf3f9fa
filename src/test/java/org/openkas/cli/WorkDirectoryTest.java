package org.openkas.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WorkDirectoryTest {
    @TempDir
    Path parent;

    @Test
    void aFreshOneIsForItsUserAloneAndGoesAwayWithItsFiles() throws Exception {
        Path path;
        try (WorkDirectory work = WorkDirectory.make("", parent, new Random(1))) {
            path = work.temporary().getParent();
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path))).isEqualTo("rwx------");
            Files.writeString(Files.createDirectories(work.liberty()).resolve("file"), "text");
        }
        assertThat(path.getParent()).isEqualTo(parent);
        assertThat(path).doesNotExist();
    }

    @Test
    void aNamedOneIsMadeAndKept() throws Exception {
        Path named = parent.resolve("a/b");
        try (WorkDirectory work = WorkDirectory.make(named.toString(), parent, new Random(1))) {
            Files.writeString(work.temporary().resolve("file"), "text");
        }
        assertThat(named.resolve("tmp/file")).exists();
    }

    @Test
    void whatCannotBeMadeIsNamedWithTheRemedy() throws IOException {
        Path file = Files.writeString(parent.resolve("file"), "");
        assertThatExceptionOfType(AbortedException.class)
                .isThrownBy(() -> WorkDirectory.make(file.resolve("work").toString(), parent, new Random(1)))
                .withMessageContaining(file.toString()).withMessageContaining("OPENKAS_WORK_DIR");
    }
}
