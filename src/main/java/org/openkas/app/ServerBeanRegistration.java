package org.openkas.app;

import java.lang.management.ManagementFactory;
import java.util.Optional;
import javax.management.InstanceAlreadyExistsException;
import javax.management.JMException;
import javax.management.ObjectName;
import org.openkas.observability.ServerMXBean;

/** Shows the server in the platform MBean server. A second OpenKAS in one JVM works without. Not thread-safe. */
final class ServerBeanRegistration {
    private final ServerMXBean bean;
    private Optional<ObjectName> registered = Optional.empty();

    ServerBeanRegistration(ServerMXBean bean) {
        this.bean = bean;
    }

    void register() {
        try {
            ObjectName name = ObjectName.getInstance(ServerMXBean.NAME);
            ManagementFactory.getPlatformMBeanServer().registerMBean(bean, name);
            registered = Optional.of(name);
        } catch (InstanceAlreadyExistsException e) {
            // the other one is there to be seen
        } catch (JMException e) {
            throw new IllegalStateException("the server cannot be registered as " + ServerMXBean.NAME, e);
        }
    }

    void unregister() {
        registered.ifPresent(name -> {
            try {
                ManagementFactory.getPlatformMBeanServer().unregisterMBean(name);
            } catch (JMException e) {
                // somebody else removed it: it is gone, which is all that is wanted
            }
        });
        registered = Optional.empty();
    }
}
