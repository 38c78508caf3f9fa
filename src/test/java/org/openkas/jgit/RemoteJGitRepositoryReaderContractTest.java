package org.openkas.jgit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.eclipse.jgit.transport.Daemon;
import org.eclipse.jgit.transport.UploadPack;
import org.eclipse.jgit.transport.resolver.ServiceNotEnabledException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.openkas.repository.Repository;
import org.openkas.repository.RepositoryException;
import org.openkas.repository.RepositoryReader;
import org.openkas.repository.RepositoryReaderContract;
import org.openkas.testkit.TestRepository;

class RemoteJGitRepositoryReaderContractTest extends RepositoryReaderContract {
    private final Daemon daemon = new Daemon(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    private final AtomicInteger connections = new AtomicInteger();
    private UploadPack.RequestPolicy policy = UploadPack.RequestPolicy.TIP;
    private TestRepository project;
    private JGitRepositoryReader reader;

    @BeforeEach
    void start() throws Exception {
        daemon.getService("git-upload-pack").setEnabled(true);
        daemon.setRepositoryResolver((client, name) -> {
            if (project == null || !name.equals("project.git")) {
                throw new ServiceNotEnabledException(name);
            }
            connections.incrementAndGet();
            project.git().incrementOpen();
            return project.git();
        });
        daemon.setUploadPackFactory((client, repository) -> {
            UploadPack pack = new UploadPack(repository);
            pack.setRequestPolicy(policy);
            return pack;
        });
        daemon.start();
        reader = new JGitRepositoryReader(temporary.resolve("work"));
    }

    @AfterEach
    void close() {
        daemon.stop();
        if (project != null) {
            project.close();
        }
    }

    @Override
    protected TestRepository project() {
        project = TestRepository.create(temporary.resolve("project.git"));
        return project;
    }

    @Override
    protected Repository repository() {
        return LocalJGitRepositoryReaderContractTest.at("git://127.0.0.1:" + daemon.getAddress().getPort() + "/project.git");
    }

    @Override
    protected Repository absent() {
        return LocalJGitRepositoryReaderContractTest.at("git://127.0.0.1:" + daemon.getAddress().getPort() + "/absent.git");
    }

    @Override
    protected RepositoryReader reader() {
        return reader;
    }

    @Test
    void aCommitIsFetchedOnceWithoutItsHistory() throws Exception {
        project();
        project.commit("main", Map.of("f", "old"));
        String commit = project.commit("main", Map.of("f", "new", "g", "more"));
        try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<String>> all = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                String path = i % 2 == 0 ? "f" : "g";
                all.add(callers.submit(() -> content(commit, path, 0)));
            }
            for (Future<String> one : all) {
                assertThat(one.get(20, TimeUnit.SECONDS)).isIn("new", "more");
            }
        }
        assertThat(connections).hasValue(1);
        assertThat(shallow()).isTrue();
        assertThat(new JGitRepositoryReader(temporary.resolve("work"))).satisfies(again -> {
            daemon.stop();
            again.read(repository(), commit, "f", 0, chunk -> assertThat(chunk.toStringUtf8()).isEqualTo("new"));
        });
    }

    private boolean shallow() throws Exception {
        try (Stream<Path> all = Files.walk(temporary.resolve("work"))) {
            return all.anyMatch(path -> path.endsWith("shallow"));
        }
    }

    @Test
    void aRemoteThatGivesAwayOnlyItsTipsIsFetchedWhole() throws Exception {
        policy = UploadPack.RequestPolicy.ADVERTISED;
        project();
        String old = project.commit("main", Map.of("f", "old"));
        String tip = project.commit("main", Map.of("f", "new"));
        assertThat(content(tip, "f", 0)).isEqualTo("new");
        assertThat(content(old, "f", 0)).isEqualTo("old");
    }

    @Test
    void aCloneThatHoldsManyCommitsIsBegunAnew() throws Exception {
        reader = new JGitRepositoryReader(temporary.resolve("work"), 3);
        project();
        for (int i = 0; i < 10; i++) {
            String commit = project.commit("main", Map.of("f", "" + i));
            assertThat(content(commit, "f", 0)).isEqualTo("" + i);
        }
        try (Stream<Path> all = Files.walk(temporary.resolve("work"), 2)) {
            assertThat(all.filter(path -> path.toString().endsWith(".git"))).hasSize(1);
        }
        try (Stream<Path> all = Files.walk(temporary.resolve("work"))) {
            assertThat(all.filter(path -> path.toString().contains("refs/openkas/")).count()).isBetween(1L, 3L);
        }
    }

    @Test
    void anInterruptedCallerDoesNotWaitForASilentRemote() throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Repository remote = LocalJGitRepositoryReaderContractTest.at("git://127.0.0.1:" + silent.getLocalPort() + "/p.git");
            String id = "1234567890123456789012345678901234567890";
            for (boolean resolving : new boolean[]{true, false}) {
                CompletableFuture<Throwable> outcome = new CompletableFuture<>();
                Thread caller = Thread.startVirtualThread(() -> {
                    try {
                        if (resolving) {
                            reader.resolve(remote, "HEAD");
                        } else {
                            reader.walk(remote, id, ".", true, blob -> true);
                        }
                    } catch (RepositoryException | InterruptedException e) {
                        outcome.complete(e);
                    }
                });
                try (Socket accepted = silent.accept()) {
                    caller.interrupt();
                    assertThat(outcome.get(10, TimeUnit.SECONDS)).isInstanceOf(InterruptedException.class);
                    assertThat(accepted.isClosed()).isFalse();
                }
            }
        }
    }

    @Test
    void anUnreachableRemoteIsAFailedCall() throws Exception {
        int port;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        assertThatThrownBy(() -> reader.resolve(LocalJGitRepositoryReaderContractTest.at("git://127.0.0.1:" + port + "/p.git"), "HEAD"))
                .hasMessageStartingWith("RpcError: InfoRefsUploadPack.Recv: RPC failed: rpc error: code = Unavailable desc = ");
    }
}
