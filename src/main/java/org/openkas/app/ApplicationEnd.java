package org.openkas.app;

import jakarta.inject.Inject;
import jakarta.servlet.ServletContextEvent;
import jakarta.servlet.ServletContextListener;
import jakarta.servlet.annotation.WebListener;

/**
 * Drains the server when the application stops: as early as an application is told, since the container closes the agents'
 * WebSockets before it destroys beans.
 */
@WebListener
public class ApplicationEnd implements ServletContextListener {
    private final ServerLifecycle server;

    /** For the container. */
    @Inject
    public ApplicationEnd(ServerLifecycle server) {
        this.server = server;
    }

    @Override
    public void contextDestroyed(ServletContextEvent event) {
        server.drainOnce();
    }
}
