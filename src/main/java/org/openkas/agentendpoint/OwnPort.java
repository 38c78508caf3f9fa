package org.openkas.agentendpoint;

import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.io.IOException;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import javax.net.ssl.SSLContext;

/** TLS to a port of this process. Its certificate names another host and may be anybody's: it is known who answers. */
final class OwnPort {
    private OwnPort() {
    }

    static Socket tls(Socket connected, String host, int port) throws IOException {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, InsecureTrustManagerFactory.INSTANCE.getTrustManagers(), new SecureRandom());
            return context.getSocketFactory().createSocket(connected, host, port, true);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java runtime has TLS", e);
        }
    }
}
