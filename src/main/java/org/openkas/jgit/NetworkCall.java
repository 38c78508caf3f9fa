package org.openkas.jgit;

import java.io.IOException;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.eclipse.jgit.api.errors.GitAPIException;

/**
 * Runs what waits for a remote on a thread of its own, so that its caller can leave at any time: JGit does not always notice
 * an interrupt, and only its time limit ends it then.
 */
final class NetworkCall {
    private NetworkCall() {
    }

    /** The result of {@code work}, which is interrupted when the caller is. */
    static <T> T await(Callable<T> work) throws IOException, GitAPIException, InterruptedException {
        FutureTask<T> task = new FutureTask<>(work);
        Thread.ofVirtual().name("openkas-git").start(task);
        try {
            return task.get();
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case IOException failure -> throw failure;
                case GitAPIException failure -> throw failure;
                case InterruptedException failure -> throw failure;
                case RuntimeException failure -> throw failure;
                case Error failure -> throw failure;
                case null, default -> throw new IOException("reading a remote repository failed", e);
            }
        } catch (InterruptedException e) {
            task.cancel(true);
            throw e;
        }
    }
}
