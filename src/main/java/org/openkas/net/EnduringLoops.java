package org.openkas.net;

import io.netty.channel.IoEventLoop;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SingleThreadIoEventLoop;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadFactory;

/**
 * Event loops that outlive an {@link Error}. Netty ends the thread of one that gets an error, such as a class that cannot be
 * loaded while no descriptor is left, and every connection and listener of that thread would hang for good. Thread-safe.
 */
final class EnduringLoops extends MultiThreadIoEventLoopGroup {

    EnduringLoops(int threads, ThreadFactory factory, IoHandlerFactory handlers) {
        super(threads, factory, handlers);
    }

    @Override
    protected IoEventLoop newChild(Executor executor, IoHandlerFactory handlers, Object... arguments) {
        return new Enduring(this, executor, handlers);
    }

    private static final class Enduring extends SingleThreadIoEventLoop {
        private Enduring(EnduringLoops parent, Executor executor, IoHandlerFactory handlers) {
            super(parent, executor, handlers);
        }

        @Override
        protected void run() {
            boolean ended = false;
            while (!ended) {
                ended = ranToTheEnd();
            }
        }

        private boolean ranToTheEnd() {
            try {
                super.run();
                return true;
            } catch (Error e) {
                // whoever caused it was not served; to tell of it may need the very thing that is missing
                return false;
            }
        }
    }
}
