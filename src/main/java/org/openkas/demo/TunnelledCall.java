package org.openkas.demo;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.stub.BlockingClientCall;
import java.util.Optional;
import org.openkas.proto.grpctool.HttpRequest;
import org.openkas.proto.grpctool.HttpResponse;
import org.openkas.proto.reversetunnel.ConnectRequest;
import org.openkas.proto.reversetunnel.ConnectResponse;
import org.openkas.proto.reversetunnel.Error;
import org.openkas.proto.reversetunnel.Header;
import org.openkas.proto.reversetunnel.Message;
import org.openkas.proto.reversetunnel.Trailer;

/** A call of {@code MakeRequest} within a tunnel, as the agent sees it: one thread receives, one sends. */
final class TunnelledCall {
    private final BlockingClientCall<ConnectRequest, ConnectResponse> tunnel;
    private boolean begun;

    TunnelledCall(BlockingClientCall<ConnectRequest, ConnectResponse> tunnel) {
        this.tunnel = tunnel;
    }

    /** Waits for the next message; empty when the caller has sent everything, or the tunnel ended. */
    Optional<HttpRequest> receive() throws StatusException, InterruptedException {
        ConnectResponse response = tunnel.read();
        if (response == null || !response.hasMessage()) {
            return Optional.empty();
        }
        try {
            return Optional.of(HttpRequest.parseFrom(response.getMessage().getData()));
        } catch (InvalidProtocolBufferException e) {
            throw Status.INVALID_ARGUMENT.withDescription("not a message of HTTP").withCause(e).asException();
        }
    }

    /** Waits until the server has ended the tunnel. */
    void awaitEnd() throws StatusException, InterruptedException {
        while (tunnel.read() != null) {
            // what comes now is late
        }
    }

    /** Sends a message; waits while the server takes no more. */
    void send(HttpResponse message) throws StatusException, InterruptedException {
        begin();
        write(ConnectRequest.newBuilder().setMessage(Message.newBuilder().setData(message.toByteString())).build());
    }

    /** Sends a part of the body, or of what follows an upgrade. */
    void send(byte[] bytes, int length, boolean upgraded) throws StatusException, InterruptedException {
        ByteString data = ByteString.copyFrom(bytes, 0, length);
        HttpResponse.Builder message = HttpResponse.newBuilder();
        send(upgraded
                ? message.setUpgradeData(HttpResponse.UpgradeData.newBuilder().setData(data)).build()
                : message.setData(HttpResponse.Data.newBuilder().setData(data)).build());
    }

    /** Ends the call. */
    void end(Status status) throws StatusException, InterruptedException {
        begin();
        write(ConnectRequest.newBuilder().setTrailer(Trailer.getDefaultInstance()).build());
        if (!status.isOk()) {
            String description = status.getDescription();
            write(ConnectRequest.newBuilder().setError(Error.newBuilder().setStatus(com.google.rpc.Status.newBuilder()
                    .setCode(status.getCode().value()).setMessage(description == null ? "" : description))).build());
        }
        tunnel.halfClose();
    }

    /** Breaks the tunnel. */
    void cancel(String why) {
        tunnel.cancel(why, null);
    }

    private void begin() throws StatusException, InterruptedException {
        if (!begun) {
            begun = true;
            write(ConnectRequest.newBuilder().setHeader(Header.getDefaultInstance()).build());
        }
    }

    private void write(ConnectRequest message) throws StatusException, InterruptedException {
        if (!tunnel.write(message)) {
            throw Status.CANCELLED.withDescription("the tunnel has ended").asException();
        }
    }
}
