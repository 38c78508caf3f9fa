package org.openkas.cli;

import java.lang.management.ManagementFactory;
import java.time.Duration;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.openkas.observability.ServerMXBean;

/**
 * The application, seen from the launcher: it lives in another class loader, so the two talk through the platform MBean
 * server. Only to be used after Open Liberty has started, which brings an MBean server of its own making.
 */
final class ServerBean {
    private static final Object[] NOTHING = {};
    private static final String[] NO_TYPES = {};
    private static final Duration LOOK_AGAIN = Duration.ofMillis(20);

    private final MBeanServer beans;
    private final ObjectName name;

    ServerBean() {
        beans = ManagementFactory.getPlatformMBeanServer();
        try {
            name = ObjectName.getInstance(ServerMXBean.NAME);
        } catch (JMException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Waits until the application is there; false if it is not within {@code limit}. */
    boolean await(Duration limit) throws InterruptedException {
        long end = System.nanoTime() + limit.toNanos();
        while (!present()) {
            if (System.nanoTime() - end > 0) {
                return false;
            }
            Thread.sleep(LOOK_AGAIN);
        }
        return true;
    }

    /** Whether the application is there. */
    boolean present() {
        return beans.isRegistered(name);
    }

    /** Waits until the server has failed or stopped: the failure's text, or empty text. */
    String awaitFailure() throws AbortedException {
        return (String) invoke("awaitFailure");
    }

    /** Drains the server; returns when it has. */
    void drain() throws AbortedException {
        invoke("drain");
    }

    private Object invoke(String operation) throws AbortedException {
        try {
            return beans.invoke(name, operation, NOTHING, NO_TYPES);
        } catch (JMException e) {
            throw new AbortedException("the server does not answer: " + e, e);
        }
    }
}
