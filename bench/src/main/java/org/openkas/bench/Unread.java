package org.openkas.bench;

import io.grpc.ManagedChannel;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openkas.proto.agentregistrar.AgentRegistrarGrpc;
import org.openkas.proto.agentregistrar.RegisterRequest;
import org.openkas.testkit.ConfiguredAgent;
import org.openkas.testkit.Surroundings;

/** Peers that ask for answers without end and never read one: what they cost, and whether others are served meanwhile. */
final class Unread {
    private static final byte[] PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final int SETTINGS = 4;
    private static final int HEADERS = 1;
    private static final int DATA = 0;
    private static final int WINDOW_UPDATE = 8;

    private Unread() {
    }

    static void run(Site site, int peers) throws Exception {
        ManagedChannel channel = ConfiguredAgent.channel("ws", site.agentPort);
        AgentRegistrarGrpc.AgentRegistrarBlockingStub healthy = AgentRegistrarGrpc.newBlockingStub(channel).withCallCredentials(ConfiguredAgent.bearer(Surroundings.token(0)));
        double calm = median(healthy);
        Thread.sleep(15_000);
        long before = site.figures.residentKib();
        List<Socket> sockets = new ArrayList<>();
        for (int i = 0; i < peers; i++) {
            Socket socket = new Socket();
            socket.setReceiveBufferSize(16 << 10);
            socket.connect(new InetSocketAddress("127.0.0.1", site.agentPort));
            sockets.add(socket);
            Thread.ofVirtual().start(() -> ask(socket));
        }
        Thread.sleep(15_000);
        double during = median(healthy);
        long with = site.figures.residentKib();
        for (Socket socket : sockets) {
            socket.close();
        }
        Thread.sleep(15_000);
        System.out.printf("unread %d peers: %.2f MiB each; median Register %.2f ms -> %.2f ms; RSS %d -> %d -> %d MiB after they left%n", peers,
                (double) (with - before) / 1024 / peers, calm, during, before >> 10, with >> 10, site.figures.residentKib() >> 10);
        channel.shutdownNow();
    }

    private static double median(AgentRegistrarGrpc.AgentRegistrarBlockingStub stub) {
        double[] millis = new double[200];
        for (int i = 0; i < millis.length; i++) {
            long begin = System.nanoTime();
            stub.register(RegisterRequest.newBuilder().setPodId(1).build());
            millis[i] = (double) (System.nanoTime() - begin) / 1e6;
        }
        Arrays.sort(millis);
        return millis[millis.length / 2];
    }

    /** As many Register calls as the socket takes; never reads. */
    private static void ask(Socket socket) {
        try {
            OutputStream out = socket.getOutputStream();
            out.write(PREFACE);
            out.write(frame(SETTINGS, 0, 0, ByteBuffer.allocate(6).putShort((short) 4).putInt(Integer.MAX_VALUE).array()));
            out.write(frame(WINDOW_UPDATE, 0, 0, ByteBuffer.allocate(4).putInt(Integer.MAX_VALUE - 65_535).array()));
            byte[] headers = headers();
            for (int stream = 1; stream > 0; stream += 2) {
                out.write(frame(HEADERS, 4, stream, headers));
                out.write(frame(DATA, 1, stream, new byte[5]));
            }
        } catch (IOException e) {
            // the server or the end of the run closed it
        }
    }

    private static byte[] headers() {
        ByteBuffer block = ByteBuffer.allocate(1024);
        literal(block, ":method", "POST");
        literal(block, ":scheme", "http");
        literal(block, ":path", "/gitlab.agent.agent_registrar.rpc.AgentRegistrar/Register");
        literal(block, ":authority", "x");
        literal(block, "content-type", "application/grpc");
        literal(block, "te", "trailers");
        literal(block, "authorization", "Bearer " + Surroundings.token(0));
        return Arrays.copyOf(block.array(), block.position());
    }

    private static void literal(ByteBuffer block, String name, String value) {
        block.put((byte) 0).put((byte) name.length()).put(name.getBytes(StandardCharsets.US_ASCII)).put((byte) value.length())
                .put(value.getBytes(StandardCharsets.US_ASCII));
    }

    private static byte[] frame(int type, int flags, int stream, byte[] payload) {
        return ByteBuffer.allocate(9 + payload.length).put((byte) (payload.length >> 16)).put((byte) (payload.length >> 8)).put((byte) payload.length)
                .put((byte) type).put((byte) flags).putInt(stream).put(payload).array();
    }
}
