package org.openkas.routing;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import java.util.Map;
import org.openkas.proto.prototool.Values;

/** What a call learns from its way, in an allowed order; called one at a time, must not block. */
interface WayReceiver {
    /** The answer's metadata. */
    void header(Map<String, Values> meta);

    /** A message of the answer. */
    void message(ByteString data);

    /** The metadata at the answer's end. */
    void trailer(Map<String, Values> meta);

    /** How the call failed; the end follows. */
    void error(com.google.rpc.Status status);

    /** The way takes more messages. */
    void ready();

    /** The agent has sent everything. */
    void completed();

    /** The way broke, or somebody on it broke its rules; it has ended. {@code status} is how. */
    void broken(Status status);
}
