package org.openkas.testkit;

import io.grpc.ManagedChannel;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;
import javax.net.ssl.SSLException;
import org.openkas.grpc.WebSocketChannels;

/** gRPC channels to a server on the loopback, the four ways in which agents open them. */
public final class AgentChannels {
    private AgentChannels() {
    }

    /** {@code grpc://}. */
    public static ManagedChannel grpc(int port) {
        return NettyChannelBuilder.forAddress("127.0.0.1", port).usePlaintext().build();
    }

    /** {@code grpcs://}; the certificate is not checked. */
    public static ManagedChannel grpcs(int port) throws SSLException {
        SslContext context = GrpcSslContexts
                .configure(SslContextBuilder.forClient().trustManager(InsecureTrustManagerFactory.INSTANCE), SslProvider.JDK)
                .build();
        return NettyChannelBuilder.forAddress("127.0.0.1", port).sslContext(context).overrideAuthority("localhost").build();
    }

    /** {@code ws://}, with further lines of name and value in the upgrade. */
    public static ManagedChannel ws(int port, String... headers) {
        return websocket(port, Optional.empty(), headers);
    }

    /** {@code wss://}, without ALPN as agents do it; the certificate is not checked. */
    public static ManagedChannel wss(int port, String... headers) throws SSLException {
        SslContext context = SslContextBuilder.forClient().trustManager(InsecureTrustManagerFactory.INSTANCE).sslProvider(SslProvider.JDK)
                .build();
        return websocket(port, Optional.of(context), headers);
    }

    private static ManagedChannel websocket(int port, Optional<SslContext> tls, String... headers) {
        Map<String, String> all = new HashMap<>(Map.of("Host", "kas.test"));
        for (int i = 0; i < headers.length; i += 2) {
            all.put(headers[i], headers[i + 1]);
        }
        return new WebSocketChannels("/-/kubernetes-agent/", tls, all, RandomGenerator.getDefault()).to("127.0.0.1", port)
                .overrideAuthority("ws:%2F%2Fkas.test%2F-%2Fkubernetes-agent%2F").build();
    }
}
