package org.openkas.testkit;

import io.netty.buffer.ByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import java.lang.ref.WeakReference;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails a test after which Netty reports a buffer that was collected without having been released. Watches every buffer while
 * a test runs; one such test at a time.
 */
public final class NoLeaks implements BeforeEachCallback, AfterEachCallback {
    private final List<String> reports = new CopyOnWriteArrayList<>();
    private final Logger detector = Logger.getLogger(ResourceLeakDetector.class.getName());
    private final Handler handler = new Handler() {
        @Override
        public void publish(LogRecord entry) {
            reports.add(entry.getMessage());
        }

        @Override
        public void flush() {
            // nothing is kept back
        }

        @Override
        public void close() {
            // nothing is open
        }
    };
    private ResourceLeakDetector.Level before = ResourceLeakDetector.getLevel();

    @Override
    public void beforeEach(ExtensionContext test) {
        begin();
    }

    @Override
    public void afterEach(ExtensionContext test) {
        List<String> leaks = end();
        if (!leaks.isEmpty()) {
            throw new AssertionError("buffers were not released: " + leaks);
        }
    }

    /** Watches from now on. */
    public void begin() {
        before = ResourceLeakDetector.getLevel();
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.PARANOID);
        detector.addHandler(handler);
    }

    /** Watches no longer; what leaked meanwhile. */
    public List<String> end() {
        for (int round = 0; round < 3; round++) {
            collect();
            // reports come with the next buffers
            ByteBufAllocator.DEFAULT.heapBuffer(16).release();
            ByteBufAllocator.DEFAULT.directBuffer(16).release();
        }
        detector.removeHandler(handler);
        ResourceLeakDetector.setLevel(before);
        return List.copyOf(reports);
    }

    private static void collect() {
        WeakReference<byte[]> sign = new WeakReference<>(new byte[16]);
        for (int attempt = 0; attempt < 100 && sign.get() != null; attempt++) {
            System.gc();
        }
    }
}
