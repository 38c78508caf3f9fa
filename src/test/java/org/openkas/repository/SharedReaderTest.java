package org.openkas.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.openkas.proto.entity.GitalyInfo;
import org.openkas.repository.RepositoryException.Code;
import org.openkas.testkit.FakeGitaly;
import org.openkas.testkit.FakeTimers;

class SharedReaderTest {
    private static final String COMMIT = "0123456789012345678901234567890123456789";
    /** Of the content {@code onetwo}. */
    private static final String NAME = "3386842c94a156ca6f6a3f53112664c2262dff29";
    private static final String NAME_IN_SHA256 = "7c229078cc358bae0696ece57de1f9c04809fafbf663b9e3b45e3e59b719e6a1";
    private static final Repository PROJECT = project("group/project", "token");

    private final FakeTimers timers = new FakeTimers();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Source source = new Source();
    private final SharedReader reader = new SharedReader(source, 4, 1 << 20, timers);

    @AfterEach
    void close() {
        threads.shutdownNow();
    }

    private static Repository project(String path, String token) {
        return new Repository(GitalyInfo.newBuilder().setAddress("tcp://gitaly").setToken(token).build(), FakeGitaly.repository(path));
    }

    private List<String> read(Repository project, String revision, String path, long maximum) throws Exception {
        List<String> chunks = new ArrayList<>();
        reader.read(project, revision, path, maximum, chunk -> chunks.add(chunk.size() > 10 ? "" + chunk.size() : chunk.toStringUtf8()));
        return chunks;
    }

    private List<String> walk(String directory, int wanted) throws Exception {
        List<String> paths = new ArrayList<>();
        reader.walk(PROJECT, COMMIT, directory, true, blob -> {
            assertThat(blob.revision()).isEqualTo(COMMIT);
            paths.add(blob.path());
            return paths.size() < wanted;
        });
        return paths;
    }

    @Test
    void aSmallFileIsReadOnceAndComesInItsChunks() throws Exception {
        assertThat(read(PROJECT, COMMIT, "small", 100)).containsExactly("one", "", "two");
        assertThat(read(project("group/project", "newer token"), COMMIT, "small", 0)).containsExactly("one", "", "two");
        assertThat(source.calls).containsExactly("read small 100");
        timers.advance(Duration.ofMinutes(11));
        read(PROJECT, COMMIT, "small", 100);
        assertThat(source.calls).hasSize(2);
    }

    @Test
    void whatIsTheSameAtAnotherCommitIsNotReadAgain() throws Exception {
        String object = NAME;
        for (String commit : List.of(COMMIT, COMMIT.replace('0', 'a'))) {
            List<String> chunks = new ArrayList<>();
            reader.read(PROJECT, new TreeBlob("small", commit, object), 100, chunk -> chunks.add(chunk.toStringUtf8()));
            assertThat(chunks).containsExactly("one", "", "two");
        }
        assertThat(source.calls).hasSize(1);
        reader.read(PROJECT, new TreeBlob("small", COMMIT, NAME_IN_SHA256), 100, chunk -> {
        });
        reader.read(project("group/other", "token"), new TreeBlob("small", COMMIT, object), 100, chunk -> {
        });
        assertThat(source.calls).hasSize(3);
        for (String odd : List.of("d//small", "./small", "d/../small", "/small", "small/")) {
            reader.read(PROJECT, new TreeBlob(odd, COMMIT, object), 100, chunk -> {
            });
            assertThat(source.calls).last().isEqualTo("read " + odd + " 100");
        }
        reader.read(PROJECT, new TreeBlob(".d/..small.", COMMIT, object), 100, chunk -> {
        });
        assertThat(source.calls).hasSize(8);
    }

    @ParameterizedTest
    @DisplayName("AG-40: files that are listed under a name that is not theirs are not taken for one another")
    @ValueSource(strings = {"abcdefabcdefabcdefabcdefabcdefabcdefabcd", "0000000000000000000000000000000000000000", ""})
    void namesThatDoNotFit(String object) throws Exception {
        for (String path : List.of("small", "small too", "small")) {
            reader.read(PROJECT, new TreeBlob(path, COMMIT.replace('0', 'a'), object), 100, chunk -> {
            });
        }
        assertThat(source.calls).startsWith("read small 100", "read small too 100");
    }

    @Test
    void whoWaitsForANameThatDoesNotFitReadsForHimself() throws Exception {
        CountDownLatch gate = source.gate();
        List<Future<?>> all = new ArrayList<>();
        for (String path : List.of("small", "small too")) {
            all.add(threads.submit(() -> {
                reader.read(PROJECT, new TreeBlob(path, COMMIT, NAME.replace('1', '2')), 100, chunk -> {
                });
                return null;
            }));
            await().until(() -> !source.calls.isEmpty());
        }
        gate.countDown();
        for (Future<?> one : all) {
            one.get(10, TimeUnit.SECONDS);
        }
        assertThat(source.calls).containsExactlyInAnyOrder("read small 100", "read small too 100");
    }

    @Test
    void anotherRepositoryOrCommitIsAnotherFile() throws Exception {
        read(PROJECT, COMMIT, "small", 100);
        read(project("group/other", "token"), COMMIT, "small", 100);
        read(PROJECT, COMMIT.replace('0', 'a'), "small", 100);
        assertThat(source.calls).hasSize(3);
    }

    @ParameterizedTest
    @ValueSource(strings = {"main", "HEAD", "refs/heads/main", "0123456", "0123456789012345678901234567890123456789~1"})
    void whatMayChangeIsNotShared(String revision) throws Exception {
        for (int i = 0; i < 2; i++) {
            read(PROJECT, revision, "small", 100);
            reader.walk(PROJECT, revision, ".", true, blob -> true);
        }
        assertThat(source.calls).hasSize(4);
    }

    @Test
    void aFileThatIsLargerThanThisCallerAllowsIsLeftToTheSource() throws Exception {
        read(PROJECT, COMMIT, "small", 100);
        read(PROJECT, COMMIT, "small", 3);
        assertThat(source.calls).containsExactly("read small 100", "read small 3");
    }

    @Test
    void aLargeFileIsReadByEachForHimselfAndNotKept() throws Exception {
        CountDownLatch taken = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        Future<?> slow = threads.submit(() -> {
            reader.read(PROJECT, COMMIT, "large", 0, chunk -> {
                taken.countDown();
                release.await();
            });
            return null;
        });
        taken.await();
        // somebody who takes what is large slowly keeps nobody else waiting
        assertThat(threads.submit(() -> read(PROJECT, COMMIT, "large", 0)).get(10, TimeUnit.SECONDS)).containsExactly("40000", "40000",
                "40000");
        assertThat(source.calls).containsExactly("read large 0", "read large 0");
        assertThat(slow).isNotDone();
        release.countDown();
        slow.get(10, TimeUnit.SECONDS);
    }

    @Test
    void whoComesWhileSomebodyReadsWaitsForHim() throws Exception {
        CountDownLatch gate = source.gate();
        List<Future<List<String>>> all = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            all.add(threads.submit(() -> read(PROJECT, COMMIT, "small", 100)));
        }
        await().until(() -> source.calls.size() == 1);
        gate.countDown();
        for (Future<List<String>> one : all) {
            assertThat(one.get(10, TimeUnit.SECONDS)).containsExactly("one", "", "two");
        }
        assertThat(source.calls).hasSize(1);
    }

    @Test
    void ifTheReaderGoesAnotherOneReads() throws Exception {
        CountDownLatch gate = source.gate();
        Future<List<String>> first = threads.submit(() -> read(PROJECT, COMMIT, "small", 100));
        await().until(() -> source.calls.size() == 1);
        Future<List<String>> second = threads.submit(() -> read(PROJECT, COMMIT, "small", 100));
        first.cancel(true);
        await().until(() -> source.calls.size() == 2);
        gate.countDown();
        assertThat(second.get(10, TimeUnit.SECONDS)).containsExactly("one", "", "two");
    }

    @Test
    void aListingsFailureIsToldToAllWhoWaitAndForgotten() throws Exception {
        CountDownLatch gate = source.gate();
        Future<List<String>> first = threads.submit(() -> walk("broken", 9));
        await().until(() -> source.calls.size() == 1);
        Future<List<String>> second = threads.submit(() -> walk("broken", 9));
        await().during(Duration.ofMillis(100)).until(() -> source.calls.size() == 1);
        gate.countDown();
        assertThatThrownBy(() -> first.get(10, TimeUnit.SECONDS)).isInstanceOf(ExecutionException.class).hasRootCauseMessage("broken");
        assertThatThrownBy(() -> second.get(10, TimeUnit.SECONDS)).isInstanceOf(ExecutionException.class).hasRootCauseMessage("broken");
        assertThatThrownBy(() -> walk("broken", 9)).hasMessage("broken");
        assertThat(source.calls).hasSize(2);
    }

    @Test
    void whoWaitsForAFileThatCannotBeReadGetsAFailureOfHisOwn() throws Exception {
        String object = "abcdefabcdefabcdefabcdefabcdefabcdefabcd";
        CountDownLatch gate = source.gate();
        List<Future<?>> all = new ArrayList<>();
        for (String path : List.of("broken", "broken too")) {
            int before = all.size();
            all.add(threads.submit(() -> {
                reader.read(PROJECT, new TreeBlob(path, COMMIT, object), 100, chunk -> {
                });
                return null;
            }));
            await().during(Duration.ofMillis(100 * before)).until(() -> source.calls.size() == 1);
        }
        gate.countDown();
        assertThatThrownBy(() -> all.get(0).get(10, TimeUnit.SECONDS)).hasRootCauseMessage("broken");
        assertThatThrownBy(() -> all.get(1).get(10, TimeUnit.SECONDS)).hasRootCauseMessage("broken too");
    }

    @Test
    void aListingIsSharedAsFarAsItIsKept() throws Exception {
        assertThat(walk("three", 10)).containsExactly("f0", "f1", "f2");
        assertThat(walk("three", 2)).containsExactly("f0", "f1");
        assertThat(source.calls).containsExactly("walk three");
        assertThat(walk("nine", 4)).hasSize(4);
        assertThat(walk("nine", 4)).hasSize(4);
        assertThat(source.calls).containsExactly("walk three", "walk nine");
        assertThat(source.visited).isEqualTo(7);
        assertThat(walk("nine", 6)).containsExactly("f0", "f1", "f2", "f3", "f4", "f5");
        assertThat(source.calls).containsExactly("walk three", "walk nine", "walk nine");
    }

    @Test
    void nothingIsNotKept() throws Exception {
        assertThat(walk("none", 4)).isEmpty();
        assertThat(walk("none", 4)).isEmpty();
        assertThat(source.calls).hasSize(2);
    }

    @Test
    void whatCameBeforeAFailureIsVisited() {
        List<String> paths = new ArrayList<>();
        assertThatThrownBy(() -> reader.walk(PROJECT, COMMIT, "broken", true, blob -> paths.add(blob.path()))).hasMessage("broken");
        assertThat(paths).containsExactly("f0");
    }

    @Test
    void nobodyWaitsForWhoTakesThePartBeforeAFailureSlowly() throws Exception {
        CountDownLatch taken = new CountDownLatch(1);
        CountDownLatch gate = source.gate();
        Future<?> slow = threads.submit(() -> {
            reader.walk(PROJECT, COMMIT, "broken", true, blob -> {
                taken.countDown();
                new CountDownLatch(1).await();
                return true;
            });
            return null;
        });
        await().until(() -> source.calls.size() == 1);
        Future<List<String>> other = threads.submit(() -> walk("broken", 9));
        gate.countDown();
        taken.await();
        assertThatThrownBy(() -> other.get(10, TimeUnit.SECONDS)).hasRootCauseMessage("broken");
        assertThat(slow).isNotDone();
    }

    @Test
    void itKeepsWithinItsBound() throws Exception {
        SharedReader small = new SharedReader(source, 4, 2_000, timers);
        for (int round = 0; round < 2; round++) {
            for (int i = 0; i < 50; i++) {
                small.read(PROJECT, COMMIT, "small" + i, 0, chunk -> {
                });
            }
        }
        assertThat(source.calls.size()).isGreaterThan(90);
    }

    /** Knows files and directories by their names. */
    private static final class Source implements RepositoryReader {
        final List<String> calls = new CopyOnWriteArrayList<>();
        volatile int visited;
        private volatile CountDownLatch gate = new CountDownLatch(0);

        CountDownLatch gate() {
            gate = new CountDownLatch(1);
            return gate;
        }

        @Override
        public Resolution resolve(Repository repository, String ref) {
            return new Resolution.Empty();
        }

        @Override
        public void read(Repository repository, String revision, String path, long maximumSize, Chunks chunks)
                throws RepositoryException, InterruptedException {
            calls.add("read " + path + " " + maximumSize);
            gate.await();
            if (path.startsWith("broken")) {
                throw new RepositoryException(Code.RPC_ERROR, path, null);
            }
            if (path.equals("large")) {
                for (int i = 0; i < 3; i++) {
                    chunks.accept(ByteString.copyFrom(new byte[40_000]));
                }
                return;
            }
            chunks.accept(ByteString.copyFromUtf8("one"));
            chunks.accept(ByteString.EMPTY);
            chunks.accept(ByteString.copyFromUtf8("two"));
        }

        @Override
        public void walk(Repository repository, String revision, String directory, boolean recursive, Visitor visitor)
                throws RepositoryException, InterruptedException {
            calls.add("walk " + directory);
            gate.await();
            int files = switch (directory) {
                case "none" -> 0;
                case "three" -> 3;
                case "nine" -> 9;
                default -> 1;
            };
            for (int i = 0; i < files; i++) {
                visited++;
                if (!visitor.visit(new TreeBlob("f" + i, new String(revision)))) {
                    return;
                }
            }
            if (directory.equals("broken")) {
                throw new RepositoryException(Code.RPC_ERROR, "broken", null);
            }
        }
    }
}
