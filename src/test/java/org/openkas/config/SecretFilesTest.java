package org.openkas.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SecretFilesTest {
    @TempDir
    private Path directory;

    @Test
    void verbatimKeepsEverything() throws IOException, ConfigurationException {
        assertThat(SecretFiles.verbatim(file(" pass word\n")).text()).isEqualTo(" pass word\n");
    }

    @Test
    void trimmedDropsWhiteSpaceAround() throws IOException, ConfigurationException {
        assertThat(SecretFiles.trimmed(file("\n glpat-abc \r\n")).text()).isEqualTo("glpat-abc");
    }

    @Test
    void missingFiles() {
        String file = directory.resolve("none").toString();
        assertThatThrownBy(() -> SecretFiles.verbatim(file)).hasMessage("open " + file + ": no such file or directory");
        assertThatThrownBy(() -> SecretFiles.base64(file)).hasMessage("read file: open " + file + ": no such file or directory");
        assertThatThrownBy(() -> SecretFiles.trimmed("")).hasMessage("open : no such file or directory");
        assertThatThrownBy(() -> SecretFiles.trimmed("a\0b")).hasMessage("open a\0b: invalid argument");
    }

    @Test
    void directoriesAndPathsThroughFiles() throws IOException {
        assertThatThrownBy(() -> SecretFiles.verbatim(directory.toString())).hasMessage("read " + directory + ": is a directory");
        String inside = file("x") + "/x";
        assertThatThrownBy(() -> SecretFiles.verbatim(inside)).hasMessage("open " + inside + ": not a directory");
    }

    @Test
    void loopsOfLinks() throws IOException {
        Path loop = directory.resolve("loop");
        Files.createSymbolicLink(loop, loop);
        assertThatThrownBy(() -> SecretFiles.verbatim(loop.toString())).hasMessage("open " + loop + ": too many levels of symbolic links");
    }

    @Test
    void filesOfOthers() {
        // asked directly, because the administrator, who may run the tests, may read everything
        assertThat(FileContent.reason(new AccessDeniedException("/x"))).isEqualTo("permission denied");
        assertThat(FileContent.reason(new FileSystemException("/x", null, "File name too long"))).isEqualTo("file name too long");
        assertThat(FileContent.reason(new IOException("Input/output error"))).isEqualTo("input/output error");
    }

    @Test
    @DisplayName("CO-18: a blank inside Base64")
    void notBase64() throws IOException {
        String file = file("c2VjcmV0 c2VjcmV0");
        assertThatThrownBy(() -> SecretFiles.base64(file)).hasMessage("decoding: illegal base64 data at input byte 8");
    }

    private String file(String content) throws IOException {
        return Files.writeString(directory.resolve("secret"), content).toString();
    }

    @Test
    @DisplayName("CO §6.1: a file that is far too large, or a device without an end, is not read to the end")
    void endless() {
        assertThatThrownBy(() -> SecretFiles.base64("/dev/zero")).isInstanceOf(ConfigurationException.class)
                .hasMessageStartingWith("read file: read /dev/zero: file too large");
    }
}
