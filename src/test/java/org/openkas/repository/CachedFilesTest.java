package org.openkas.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.openkas.proto.entity.GitalyInfo;
import org.openkas.repository.RepositoryException.Code;
import org.openkas.testkit.FakeGitaly;
import org.openkas.testkit.FakeTimers;

class CachedFilesTest {
    private static final Repository REPOSITORY = repository("token");

    private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
    private final FakeTimers timers = new FakeTimers();
    private final AtomicInteger reads = new AtomicInteger();
    private volatile CountDownLatch gate = new CountDownLatch(0);
    private volatile RepositoryException failure;
    private final CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
    private final CachedFiles files = new CachedFiles(new RepositoryReader() {
        @Override
        public Resolution resolve(Repository repository, String ref) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void read(Repository repository, String revision, String path, long maximumSize, Chunks chunks)
                throws RepositoryException, InterruptedException {
            reads.incrementAndGet();
            try {
                gate.await();
            } catch (InterruptedException e) {
                interrupted.complete(true);
                throw e;
            }
            RepositoryException now = failure;
            if (now != null) {
                throw now;
            }
            chunks.accept(ByteString.copyFromUtf8(path + "@"));
            chunks.accept(ByteString.copyFromUtf8(path.startsWith("large") ? "x".repeat(9_000) : revision));
        }

        @Override
        public void walk(Repository repository, String revision, String directory, boolean recursive, Visitor visitor) {
            throw new UnsupportedOperationException();
        }
    }, 20_000, timers, executor);

    private static Repository repository(String token) {
        return new Repository(GitalyInfo.newBuilder().setAddress("tcp://g:1").setToken(token).build(),
                FakeGitaly.repository("group/project"));
    }

    @AfterEach
    void close() {
        executor.shutdownNow();
    }

    private String file(String commit, String path) throws RepositoryException, InterruptedException {
        return files.file(REPOSITORY, commit, path, 100).toStringUtf8();
    }

    @Test
    void readsOnceForEachCommitPathAndSize() throws Exception {
        assertThat(file("1", "f")).isEqualTo("f@1");
        assertThat(file("1", "f")).isEqualTo("f@1");
        assertThat(files.file(repository("other"), "1", "f", 100).toStringUtf8()).isEqualTo("f@1");
        assertThat(reads).hasValue(1);
        assertThat(file("2", "f")).isEqualTo("f@2");
        assertThat(file("1", "g")).isEqualTo("g@1");
        files.file(REPOSITORY, "1", "f", 99);
        files.file(new Repository(REPOSITORY.gitaly(), FakeGitaly.repository("group/other")), "1", "f", 100);
        assertThat(reads).hasValue(5);
        timers.advance(Duration.ofDays(30));
        assertThat(file("1", "f")).isEqualTo("f@1");
        assertThat(reads).hasValue(5);
    }

    @Test
    void aThousandCallersCostOneRead() throws Exception {
        gate = new CountDownLatch(1);
        List<Future<String>> callers = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            callers.add(executor.submit(() -> file("1", "f")));
        }
        await().until(() -> reads.get() == 1);
        gate.countDown();
        for (Future<String> caller : callers) {
            assertThat(caller.get(10, TimeUnit.SECONDS)).isEqualTo("f@1");
        }
        assertThat(reads).hasValue(1);
    }

    @Test
    void thatAFileIsMissingIsRememberedForAMinute() throws Exception {
        failure = RepositoryException.notFound("TreeEntry.Recv", "f");
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> file("1", "f")).isInstanceOf(RepositoryException.class)
                    .hasMessage("NotFound: TreeEntry.Recv: file/directory/ref not found: f");
        }
        assertThat(reads).hasValue(1);
        failure = null;
        timers.advance(Duration.ofMinutes(1).plusMillis(1));
        assertThat(file("1", "f")).isEqualTo("f@1");
    }

    @Test
    void otherFailuresAreSharedByThoseWhoWaitAndForgotten() throws Exception {
        gate = new CountDownLatch(1);
        failure = new RepositoryException(Code.RPC_ERROR, "down", null);
        List<Future<Throwable>> callers = new ArrayList<>();
        AtomicInteger begun = new AtomicInteger();
        for (int i = 0; i < 20; i++) {
            callers.add(executor.submit(() -> {
                begun.incrementAndGet();
                try {
                    file("1", "f");
                    return new AssertionError();
                } catch (RepositoryException e) {
                    return e;
                }
            }));
        }
        await().until(() -> reads.get() == 1 && begun.get() == 20);
        gate.countDown();
        for (Future<Throwable> caller : callers) {
            assertThat(caller.get(10, TimeUnit.SECONDS)).isSameAs(failure);
        }
        failure = null;
        assertThat(file("1", "f")).isEqualTo("f@1");
    }

    @Test
    void aCallerThatGivesUpDoesNotHarmTheOthers() throws Exception {
        gate = new CountDownLatch(1);
        Future<String> first = executor.submit(() -> file("1", "f"));
        await().until(() -> reads.get() == 1);
        CompletableFuture<String> second = new CompletableFuture<>();
        Thread thread = Thread.ofVirtual().start(() -> {
            try {
                second.complete(file("1", "f"));
            } catch (RepositoryException | InterruptedException e) {
                second.completeExceptionally(e);
            }
        });
        await().until(() -> thread.getState() == Thread.State.WAITING);
        first.cancel(true);
        gate.countDown();
        assertThat(second.get(10, TimeUnit.SECONDS)).isEqualTo("f@1");
        assertThat(interrupted).isNotDone();
        assertThat(reads).hasValue(1);
    }

    @Test
    void theReadEndsWhenAllGaveUp() throws Exception {
        gate = new CountDownLatch(1);
        Future<String> only = executor.submit(() -> file("1", "f"));
        await().until(() -> reads.get() == 1);
        only.cancel(true);
        assertThat(interrupted.get(10, TimeUnit.SECONDS)).isTrue();
        gate = new CountDownLatch(0);
        assertThat(file("1", "f")).isEqualTo("f@1");
    }

    @Test
    void keepsWithinItsBound() throws Exception {
        for (int i = 0; i < 10; i++) {
            file("1", "large" + i);
        }
        reads.set(0);
        for (int i = 0; i < 10; i++) {
            file("1", "large" + i);
        }
        assertThat(reads.get()).isGreaterThanOrEqualTo(8);
    }
}
