package org.openkas.testkit;

import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Fails a test after which {@link LeakWatch} has found something; one such test at a time. */
public final class NoLeaks implements BeforeEachCallback, AfterEachCallback {
    private static final ExtensionContext.Namespace PLACE = ExtensionContext.Namespace.create(NoLeaks.class);

    @Override
    public void beforeEach(ExtensionContext test) throws InterruptedException {
        test.getStore(PLACE).put(LeakWatch.class, new LeakWatch());
    }

    @Override
    public void afterEach(ExtensionContext test) throws InterruptedException {
        try (LeakWatch watch = test.getStore(PLACE).remove(LeakWatch.class, LeakWatch.class)) {
            watch.check();
        }
    }
}
