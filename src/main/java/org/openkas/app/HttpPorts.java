package org.openkas.app;

import java.lang.management.ManagementFactory;
import javax.management.InstanceNotFoundException;
import javax.management.ListenerNotFoundException;
import javax.management.MBeanServerDelegate;
import javax.management.MBeanServerNotification;
import javax.management.MalformedObjectNameException;
import javax.management.Notification;
import javax.management.NotificationListener;
import javax.management.ObjectName;

/**
 * Tells when the application server is about to close one of its HTTP ports: at its own stop, when a port is paused or
 * changed. Applications are told of a stop only when their connections are cut already, but Open Liberty first unregisters the
 * port's MBean, in the thread that closes the port, and so the port stays open until the listener returns. Elsewhere nothing
 * is ever told.
 */
final class HttpPorts implements NotificationListener, AutoCloseable {
    private final Runnable closing;
    private final ObjectName endpoints;

    private HttpPorts(Runnable closing, ObjectName endpoints) {
        this.closing = closing;
        this.endpoints = endpoints;
    }

    /** Calls {@code closing}, which may block, before each port is closed. */
    static HttpPorts watch(Runnable closing) {
        try {
            HttpPorts ports = new HttpPorts(closing, ObjectName.getInstance("WebSphere:feature=channelfw,type=endpoint,*"));
            ManagementFactory.getPlatformMBeanServer().addNotificationListener(MBeanServerDelegate.DELEGATE_NAME, ports, null, null);
            return ports;
        } catch (MalformedObjectNameException | InstanceNotFoundException e) {
            throw new IllegalStateException("every MBean server has its delegate", e);
        }
    }

    @Override
    public void handleNotification(Notification notification, Object handback) {
        if (notification instanceof MBeanServerNotification change
                && change.getType().equals(MBeanServerNotification.UNREGISTRATION_NOTIFICATION)
                && endpoints.apply(change.getMBeanName())) {
            closing.run();
        }
    }

    @Override
    public void close() {
        try {
            ManagementFactory.getPlatformMBeanServer().removeNotificationListener(MBeanServerDelegate.DELEGATE_NAME, this);
        } catch (InstanceNotFoundException | ListenerNotFoundException e) {
            return; // gone already
        }
    }
}
