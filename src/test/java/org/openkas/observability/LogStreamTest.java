package org.openkas.observability;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class LogStreamTest {
    /** Takes nothing until it is opened; counts the writes. */
    private static final class Reader extends OutputStream {
        final CountDownLatch open = new CountDownLatch(1);
        final ByteArrayOutputStream taken = new ByteArrayOutputStream();
        int writes;

        @Override
        public void write(int octet) throws IOException {
            throw new IOException("whole lines only");
        }

        @Override
        public void write(byte[] bytes) throws IOException {
            try {
                open.await();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
            writes++;
            taken.write(bytes);
        }
    }

    private final Reader reader = new Reader();

    @Test
    void eachLineIsOneWriteInOrder() {
        reader.open.countDown();
        try (LogStream stream = LogStream.to(reader, count -> new byte[0])) {
            stream.send("one\n".getBytes(UTF_8));
            stream.send("two\n".getBytes(UTF_8));
        }
        assertThat(reader.taken.toString(UTF_8)).isEqualTo("one\ntwo\n");
        assertThat(reader.writes).isEqualTo(2);
    }

    @Test
    @Timeout(20)
    void aReaderThatDoesNotReadHoldsNobodyUpAndLearnsWhatItMissed() {
        byte[] line = ("x".repeat(1023) + "\n").getBytes(UTF_8);
        try (LogStream stream = LogStream.to(reader, count -> ("dropped " + count + "\n").getBytes(UTF_8))) {
            for (int i = 0; i < 10_000; i++) {
                stream.send(line);
            }
            stream.flush(Duration.ofMillis(1));
            reader.open.countDown();
            stream.flush(Duration.ofSeconds(10));
        }
        // 4 MiB wait, one line may be on its way
        assertThat(reader.taken.toString(UTF_8)).endsWith("\n").containsPattern("dropped 590[34]\n");
    }

    @Test
    void afterTheEndLinesAreDropped() {
        reader.open.countDown();
        LogStream stream = LogStream.to(reader, count -> new byte[0]);
        stream.close();
        stream.send("late\n".getBytes(UTF_8));
        stream.flush(Duration.ofSeconds(1));

        assertThat(reader.taken.size()).isZero();
    }

    @Test
    @Timeout(20)
    void onlyAStreamThatIsUsedAndOpenHasAThread() throws InterruptedException {
        reader.open.countDown();
        Set<Thread> before = writers();
        LogStream unused = LogStream.to(reader, count -> new byte[0]);
        assertThat(writers()).isEqualTo(before);
        LogStream used = LogStream.to(reader, count -> new byte[0]);
        used.send("one\n".getBytes(UTF_8));
        Set<Thread> writing = writers();
        writing.removeAll(before);
        assertThat(writing).hasSize(1);
        used.close();
        unused.close();

        writing.iterator().next().join();
    }

    private static Set<Thread> writers() {
        return Thread.getAllStackTraces().keySet().stream().filter(thread -> thread.getName().equals("openkas-log"))
                .collect(Collectors.toCollection(HashSet::new));
    }

    @Test
    void aBrokenReaderIsNobodysProblem() {
        try (LogStream stream = LogStream.to(new OutputStream() {
            @Override
            public void write(int octet) throws IOException {
                throw new IOException("broken pipe");
            }
        }, count -> new byte[0])) {
            stream.send("a\n".getBytes(UTF_8));
            stream.send("b\n".getBytes(UTF_8));
        }
    }
}
