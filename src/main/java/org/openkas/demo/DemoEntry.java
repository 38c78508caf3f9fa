package org.openkas.demo;

import io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.SocketAddress;
import java.net.URI;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.openkas.grpc.WebSocketChannels;

/** The way in that the demo agent takes. */
public sealed interface DemoEntry {
    /** Agents' usual path. */
    String PATH = "/-/kubernetes-agent/";
    /** What the server answers to a browser there. */
    int UPGRADE_REQUIRED = 426;
    /** Some other program may hold the port and never answer. */
    int LOOK_MILLIS = 2_000;

    /** gRPC on the agents' own port. */
    record KasPort(SocketAddress socketAddress, String address) implements DemoEntry {
        @Override
        public NettyChannelBuilder channel(RandomGenerator random) {
            return NettyChannelBuilder.forAddress(socketAddress).usePlaintext();
        }

        @Override
        public String url() {
            return "grpc://" + address;
        }
    }

    /** A WebSocket through the application server's HTTP port. */
    record HttpPort(String host, int port) implements DemoEntry {
        @Override
        public NettyChannelBuilder channel(RandomGenerator random) {
            return new WebSocketChannels(PATH, Optional.empty(), Map.of(), random).to(host, port).overrideAuthority("demo");
        }

        @Override
        public String url() {
            return "ws://" + host + ":" + port + PATH;
        }

        /** Whether the server answers there, and not some other program that has the port. */
        public boolean answers(String serverName) {
            try {
                HttpURLConnection connection = (HttpURLConnection) URI.create("http://" + host + ":" + port + PATH).toURL()
                        .openConnection();
                connection.setConnectTimeout(LOOK_MILLIS);
                connection.setReadTimeout(LOOK_MILLIS);
                return connection.getResponseCode() == UPGRADE_REQUIRED && serverName.equals(connection.getHeaderField("Server"));
            } catch (IOException e) {
                return false;
            }
        }
    }

    /** A channel that comes in this way, to be built. */
    NettyChannelBuilder channel(RandomGenerator random);

    /** The address as agents are given it. */
    String url();
}
