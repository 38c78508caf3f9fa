package org.openkas.agentendpoint;

import java.io.IOException;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/** TLS to a port of this process. Its certificate names another host and may be anybody's: it is known who answers. */
final class OwnPort extends X509ExtendedTrustManager {
    private OwnPort() {
    }

    static Socket tls(Socket connected, String host, int port) throws IOException {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[]{new OwnPort()}, new SecureRandom());
            return context.getSocketFactory().createSocket(connected, host, port, true);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java runtime has TLS", e);
        }
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {
        // never asked
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {
        // whoever it is
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {
        // never asked
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {
        // whoever it is
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {
        // never asked
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {
        // whoever it is
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return new X509Certificate[0];
    }
}
