package org.openkas.reversetunnel;

import io.grpc.Status;
import org.openkas.proto.reversetunnel.ConnectRequest;

/** What a call learns from its tunnel; called one at a time, must not block. */
public interface TunnelReceiver {
    /** The next message, in an allowed place. */
    void received(ConnectRequest message);

    /** The tunnel takes more messages. */
    void ready();

    /** The agent has sent everything. */
    void completed();

    /** The tunnel broke, or the agent broke its rules; the tunnel has ended. */
    void broken(Status status);
}
