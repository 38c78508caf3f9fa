package org.openkas.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.util.concurrent.atomic.AtomicInteger;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.junit.jupiter.api.Test;

class HttpPortsTest {
    /** Anything that can be registered. */
    public interface PortMBean {
    }

    /** Its implementation. */
    public static final class Port implements PortMBean {
    }

    private final MBeanServer beans = ManagementFactory.getPlatformMBeanServer();
    private final AtomicInteger told = new AtomicInteger();

    private void comesAndGoes(String name) throws Exception {
        ObjectName object = ObjectName.getInstance(name);
        beans.registerMBean(new Port(), object);
        beans.unregisterMBean(object);
    }

    @Test
    void tellsInTheThreadThatClosesThePort() throws Exception {
        Thread here = Thread.currentThread();
        try (HttpPorts ports = HttpPorts.watch(() -> {
            assertThat(Thread.currentThread()).isSameAs(here);
            told.incrementAndGet();
        })) {
            assertThat(ports).isNotNull();
            comesAndGoes("WebSphere:feature=channelfw,type=endpoint,name=defaultHttpEndpoint");
            comesAndGoes("WebSphere:feature=channelfw,type=endpoint,name=defaultHttpEndpoint-ssl");
        }
        assertThat(told).hasValue(2);
    }

    @Test
    void othersComeAndGoUnnoticed() throws Exception {
        try (HttpPorts ports = HttpPorts.watch(told::incrementAndGet)) {
            assertThat(ports).isNotNull();
            comesAndGoes("WebSphere:feature=kernel,name=ServerInfo");
            comesAndGoes("org.openkas:feature=channelfw,type=endpoint,name=x");
        }
        comesAndGoes("WebSphere:feature=channelfw,type=endpoint,name=late");
        assertThat(told).hasValue(0);
    }
}
