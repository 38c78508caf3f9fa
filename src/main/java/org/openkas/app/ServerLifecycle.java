package org.openkas.app;

import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.context.Initialized;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Produces;
import java.lang.management.ManagementFactory;
import java.time.InstantSource;
import java.time.ZoneId;
import java.util.Optional;
import javax.management.JMException;
import javax.management.ObjectName;
import org.openkas.common.BuildInfo;
import org.openkas.common.Log;
import org.openkas.common.LogLevel;
import org.openkas.net.ListenException;
import org.openkas.observability.JsonLogSink;
import org.openkas.observability.LogStream;
import org.openkas.observability.Probes;
import org.openkas.observability.ServerMXBean;

/** stub */
@ApplicationScoped
public class ServerLifecycle {
    private final Probes probes = new Probes();
    private final ServerState state = new ServerState(() -> {});
    private Optional<KasServer> server = Optional.empty();

    void start(@Observes @Initialized(ApplicationScoped.class) Object event) {
        LogStream stream = JsonLogSink.standardError(InstantSource.system(), ZoneId.systemDefault());
        Log log = Log.to(new JsonLogSink(stream, InstantSource.system(), ZoneId.systemDefault(), LogLevel.INFO));
        KasServer kas = new KasServer(BuildInfo.ofThisBuild(), log, probes);
        server = Optional.of(kas);
        try {
            ManagementFactory.getPlatformMBeanServer().registerMBean(state, ObjectName.getInstance(ServerMXBean.NAME));
            kas.start();
            state.running();
        } catch (ListenException | JMException e) {
            state.failed(String.valueOf(e.getMessage()));
        }
    }

    @PreDestroy
    void stop() {
        state.drain();
        server.ifPresent(KasServer::close);
        try {
            ManagementFactory.getPlatformMBeanServer().unregisterMBean(ObjectName.getInstance(ServerMXBean.NAME));
        } catch (JMException e) {
            // gone
        }
    }

    @Produces
    Probes probes() {
        return probes;
    }
}
