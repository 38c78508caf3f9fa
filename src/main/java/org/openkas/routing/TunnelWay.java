package org.openkas.routing;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import java.util.Map;
import org.openkas.proto.prototool.Values;
import org.openkas.proto.reversetunnel.ConnectRequest;
import org.openkas.reversetunnel.Tunnel;
import org.openkas.reversetunnel.TunnelReceiver;

/** A tunnel that ends at this server. */
record TunnelWay(Tunnel tunnel) implements Way {
    @Override
    public boolean begin(WayReceiver receiver) {
        return tunnel.begin(new Received(receiver));
    }

    @Override
    public void giveBack() {
        tunnel.giveBack();
    }

    @Override
    public void open(String service, String method, Map<String, Values> meta) {
        tunnel.open(service, method, meta);
    }

    @Override
    public void send(ByteString message) {
        tunnel.send(message);
    }

    @Override
    public void halfClose() {
        tunnel.halfClose();
    }

    @Override
    public boolean isReady() {
        return tunnel.isReady();
    }

    @Override
    public void request(int count) {
        tunnel.request(count);
    }

    @Override
    public void end(Status status) {
        tunnel.end(status);
    }

    private record Received(WayReceiver receiver) implements TunnelReceiver {
        @Override
        public void received(ConnectRequest message) {
            switch (message.getMsgCase()) {
                case HEADER -> receiver.header(message.getHeader().getMetaMap());
                case MESSAGE -> receiver.message(message.getMessage().getData());
                case TRAILER -> receiver.trailer(message.getTrailer().getMetaMap());
                case ERROR -> receiver.error(message.getError().getStatus());
                case TUNNEL_DESCRIPTOR, MSG_NOT_SET -> throw new IllegalStateException("the tunnel lets no second descriptor through");
            }
        }

        @Override
        public void ready() {
            receiver.ready();
        }

        @Override
        public void completed() {
            receiver.completed();
        }

        @Override
        public void broken(Status status) {
            receiver.broken(status);
        }
    }
}
