package org.openkas.net;

import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.util.List;
import javax.net.ssl.SSLException;

/** Whether a listener speaks TLS (chapter 05 §6.3). */
public sealed interface Security {

    /** Cleartext. */
    record Plain() implements Security {
    }

    /**
     * TLS with this context.
     *
     * @param context a server context
     */
    record Tls(SslContext context) implements Security {
    }

    /** What a listener of gRPC offers in ALPN. */
    List<String> ALPN_GRPC = List.of("h2");
    /** What the agents' listener offers in ALPN where it also takes WebSockets. */
    List<String> ALPN_GRPC_AND_WEBSOCKET = List.of("h2", "http/1.1");

    /** TLS 1.3 suites, then the TLS 1.2 suites of chapter 01 §2.2. */
    List<String> CIPHERS = List.of("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256",
            "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
            "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256");

    /** For clients of gRPC. */
    static SslContext grpcClient(ClientSecurity client) throws SSLException {
        SslContextBuilder builder = SslContextBuilder.forClient().applicationProtocolConfig(offering(ALPN_GRPC));
        client.applyTo(builder);
        return builder.build();
    }

    /**
     * TLS if both files are named, cleartext if neither is. The files are read now and never again.
     *
     * @param certificateFile PEM with the certificate and its chain, or empty
     * @param keyFile PEM with the private key, or empty
     * @param alpn protocols to offer, best first; empty for none. A client without ALPN is accepted in any case
     * @throws TlsException if only one file is named, or if they cannot be loaded
     */
    static Security of(String certificateFile, String keyFile, List<String> alpn) throws TlsException {
        if (certificateFile.isEmpty() && keyFile.isEmpty()) {
            return new Plain();
        }
        if (certificateFile.isEmpty() || keyFile.isEmpty()) {
            throw new TlsException(
                    "both certificate file (" + certificateFile + ") and key file (" + keyFile + ") must be either specified or not");
        }
        ClientSecurity.Identity own = ClientSecurity.Identity.read(certificateFile, keyFile);
        try {
            SslContextBuilder builder = SslContextBuilder.forServer(own.key(), own.chainArray())
                    .sslProvider(SslProvider.JDK)
                    .protocols("TLSv1.2", "TLSv1.3").ciphers(CIPHERS).clientAuth(ClientAuth.NONE);
            if (!alpn.isEmpty()) {
                builder.applicationProtocolConfig(offering(alpn));
            }
            return new Tls(builder.build());
        } catch (SSLException | IllegalArgumentException e) {
            throw ClientSecurity.Identity.unusable(certificateFile, keyFile, e);
        }
    }

    private static ApplicationProtocolConfig offering(List<String> alpn) {
        return new ApplicationProtocolConfig(Protocol.ALPN, SelectorFailureBehavior.NO_ADVERTISE, SelectedListenerFailureBehavior.ACCEPT,
                alpn);
    }
}
