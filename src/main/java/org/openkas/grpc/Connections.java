package org.openkas.grpc;

import io.grpc.ServerCredentials;
import io.grpc.netty.GrpcHttp2ConnectionHandler;
import io.grpc.netty.InternalNettyServerCredentials;
import io.grpc.netty.InternalProtocolNegotiator;
import io.netty.channel.ChannelHandler;
import io.netty.util.AsciiString;
import org.openkas.net.Security;

/** Takes a listener's accepted connections to the point where they speak HTTP/2 (chapter 01 §2.1). Thread-safe. */
final class Connections implements InternalProtocolNegotiator.ProtocolNegotiator {
    private final ListenerSettings settings;
    private final ListenerRuntime runtime;

    Connections(ListenerSettings settings, ListenerRuntime runtime) {
        this.settings = settings;
        this.runtime = runtime;
    }

    ServerCredentials credentials() {
        return InternalNettyServerCredentials.create(this);
    }

    @Override
    public AsciiString scheme() {
        return AsciiString.of(settings.security() instanceof Security.Tls ? "https" : "http");
    }

    @Override
    public ChannelHandler newHandler(GrpcHttp2ConnectionHandler grpc) {
        return new ConnectionStart(settings, runtime, grpc);
    }

    @Override
    public void close() {
        // connections end by themselves
    }
}
