package org.openkas.gitlabaccess;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BodyStoreTest {
    @TempDir
    Path directory;

    private BodyStore store(int small, long memory, long disk, int files) {
        return new BodyStore(directory.resolve("requests"), new BodyStore.Limits(small, memory, disk, files));
    }

    private static String text(CollectedBody body) throws IOException {
        try (InputStream bytes = body.open()) {
            return new String(bytes.readAllBytes(), java.nio.charset.StandardCharsets.US_ASCII);
        }
    }

    private static void add(CollectedBody body, String text) throws IOException {
        body.add(ByteString.copyFromUtf8(text));
    }

    @Test
    @DisplayName("A body can be read again and again, whatever part of it is in a file")
    void readAgain() throws IOException {
        BodyStore store = store(4, 100, 100, 1);
        try (CollectedBody body = store.begin()) {
            for (String piece : new String[]{"ab", "cd", "", "efg", "h"}) {
                add(body, piece);
            }
            assertThat(body.length()).isEqualTo(8);
            assertThat(text(body)).isEqualTo("abcdefgh");
            assertThat(text(body)).isEqualTo("abcdefgh");
            assertThat(store.isEmpty()).isFalse();
        }
        assertThat(store.isEmpty()).isTrue();
    }

    @Test
    @DisplayName("Memory that is used up sends small bodies to files; files that are used up send them away")
    void limits() throws IOException {
        BodyStore store = store(4, 4, 6, 1);
        try (CollectedBody first = store.begin(); CollectedBody second = store.begin(); CollectedBody third = store.begin()) {
            add(first, "1234");
            add(second, "1234");
            assertThat(text(second)).isEqualTo("1234");
            assertThatThrownBy(() -> add(third, "1")).isInstanceOf(BodyStore.FullException.class);
            assertThatThrownBy(() -> add(second, "567")).isInstanceOf(BodyStore.FullException.class)
                    .hasMessage("too much waits to be sent to GitLab, try again later");
            add(second, "56");
            assertThat(text(second)).isEqualTo("123456");
        }
        assertThat(store.isEmpty()).isTrue();
        try (CollectedBody again = store.begin()) {
            add(again, "12345");
        }
        assertThat(store.isEmpty()).isTrue();
    }

    @Test
    @DisplayName("A body that is over can be neither read nor added to")
    void closed() throws IOException {
        BodyStore store = store(4, 100, 100, 1);
        CollectedBody body = store.begin();
        add(body, "123456");
        InputStream reader = body.open();
        body.close();
        body.close();
        add(body, "7");
        assertThat(store.isEmpty()).isTrue();
        assertThatThrownBy(body::open).isInstanceOf(IOException.class);
        assertThatThrownBy(reader::readAllBytes).isInstanceOf(IOException.class);
    }
}
