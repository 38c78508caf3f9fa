package org.openkas.routing;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import java.util.Map;
import org.openkas.proto.prototool.Values;

/**
 * The way of one call to its agent: a tunnel that ends here, or a stream to the server at which one ends. Found, it is to be
 * begun or given back. As thread-safe as gRPC's calls: one thread sends, any thread asks for more and ends it.
 */
interface Way {
    /** Takes the way; false if it has ended, and the agent has seen nothing. Reading begins with {@link #request}. */
    boolean begin(WayReceiver receiver);

    /** Returns it unused. */
    void giveBack();

    /** Says what is called; once, before everything else. */
    void open(String service, String method, Map<String, Values> meta);

    /** Sends a message of the call. */
    void send(ByteString message);

    /** The call has sent everything. */
    void halfClose();

    /** Whether more can be sent without queueing here. */
    boolean isReady();

    /** Lets the agent send this many messages more. */
    void request(int count);

    /** Ends it, with what the agent is told; only the first call counts. */
    void end(Status status);
}
