package org.openkas.reversetunnel;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import io.grpc.Status;
import java.util.Optional;
import org.openkas.proto.reversetunnel.ConnectResponse;
import org.openkas.proto.reversetunnel.Message;

/** A message of a call, as an agent receives it (chapter 04 §1.3). Stateless. */
public final class CarriedMessage {
    /** What an agent receives at most, with what is around the message. */
    private static final int MAX_BYTES = 4 << 20;

    private CarriedMessage() {
    }

    static ConnectResponse of(ByteString data) {
        return ConnectResponse.newBuilder().setMessage(Message.newBuilder().setData(data)).build();
    }

    /** Its size on the way to an agent. */
    public static int size(ByteString data) {
        int inner = data.isEmpty() ? 0 : CodedOutputStream.computeBytesSize(Message.DATA_FIELD_NUMBER, data);
        return CodedOutputStream.computeTagSize(ConnectResponse.MESSAGE_FIELD_NUMBER) + CodedOutputStream.computeUInt32SizeNoTag(inner)
                + inner;
    }

    /** How a call ends that tries to send it; empty if an agent would take it. */
    public static Optional<Status> refusal(ByteString data) {
        int size = size(data);
        return size <= MAX_BYTES
                ? Optional.empty()
                : Optional.of(Status.RESOURCE_EXHAUSTED.withDescription("Send(ConnectResponse_Message): grpc: trying to send message larger"
                        + " than max (" + size + " vs. " + MAX_BYTES + ")"));
    }
}
