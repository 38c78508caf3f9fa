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
    private final Admission admission;
    private final ListenerRuntime runtime;

    Connections(Admission admission, ListenerRuntime runtime) {
        this.admission = admission;
        this.runtime = runtime;
    }

    ServerCredentials credentials() {
        return InternalNettyServerCredentials.create(this);
    }

    @Override
    public AsciiString scheme() {
        return AsciiString.of(admission.security() instanceof Security.Tls ? "https" : "http");
    }

    @Override
    public ChannelHandler newHandler(GrpcHttp2ConnectionHandler grpc) {
        return new ConnectionStart(admission, runtime, grpc);
    }

    @Override
    public void close() {
        // connections end by themselves
    }
}
