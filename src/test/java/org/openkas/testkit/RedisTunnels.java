package org.openkas.testkit;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.openkas.cluster.TrackerException;
import org.openkas.cluster.TunnelTracker;

/**
 * The tunnels of chapter 04 §7.4 in a Redis of a test, written and read in the plainest way, independent of what the server itself
 * uses.
 */
public final class RedisTunnels implements TunnelTracker {
    private static final long TTL_SECONDS = 300;

    private final int port;
    private final List<String> ownUrls;

    public RedisTunnels(int port, List<String> ownUrls) {
        this.port = port;
        this.ownUrls = ownUrls;
    }

    @Override
    public void register(long agentId) throws TrackerException {
        for (String url : ownUrls) {
            ask(bytes("HSET"), key(agentId), bytes(url), entry(Instant.now().getEpochSecond() + TTL_SECONDS));
        }
        ask(bytes("PEXPIRE"), key(agentId), bytes(String.valueOf(TTL_SECONDS * 1000)));
    }

    @Override
    public void unregister(long agentId) throws TrackerException {
        for (String url : ownUrls) {
            ask(bytes("HDEL"), key(agentId), bytes(url));
        }
    }

    @Override
    public void refresh(Collection<Long> agentIds) throws TrackerException {
        for (long agentId : agentIds) {
            register(agentId);
        }
    }

    @Override
    public List<String> gateways(long agentId) throws TrackerException {
        List<byte[]> all = ask(bytes("HGETALL"), key(agentId));
        List<String> urls = new ArrayList<>();
        for (int i = 0; i + 1 < all.size(); i += 2) {
            if (end(all.get(i + 1)) > Instant.now().getEpochSecond()) {
                urls.add(new String(all.get(i), StandardCharsets.UTF_8));
            }
        }
        return urls;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] key(long agentId) {
        byte[] prefix = bytes("gitlab-kas:tunnel_tracker2:kas_by_agent_id:");
        return ByteBuffer.allocate(prefix.length + Long.BYTES).put(prefix).order(ByteOrder.LITTLE_ENDIAN).putLong(agentId).array();
    }

    private static byte[] entry(long expiresAt) throws TrackerException {
        try {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            CodedOutputStream coded = CodedOutputStream.newInstance(out);
            coded.writeInt64(1, expiresAt);
            coded.flush();
            return out.toByteArray();
        } catch (IOException e) {
            throw new TrackerException("entry", e);
        }
    }

    private static long end(byte[] entry) throws TrackerException {
        try {
            CodedInputStream in = CodedInputStream.newInstance(entry);
            in.readTag();
            return in.readInt64();
        } catch (IOException e) {
            throw new TrackerException("entry", e);
        }
    }

    private List<byte[]> ask(byte[]... words) throws TrackerException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            OutputStream out = socket.getOutputStream();
            out.write(bytes("*" + words.length + "\r\n"));
            for (byte[] word : words) {
                out.write(bytes("$" + word.length + "\r\n"));
                out.write(word);
                out.write(bytes("\r\n"));
            }
            return answer(new DataInputStream(new BufferedInputStream(socket.getInputStream())));
        } catch (IOException e) {
            throw new TrackerException("redis", e);
        }
    }

    private static List<byte[]> answer(DataInputStream in) throws IOException {
        int kind = in.read();
        String line = line(in);
        List<byte[]> all = new ArrayList<>();
        if (kind == '-') {
            throw new IOException(line);
        }
        if (kind == '$') {
            byte[] value = in.readNBytes(Integer.parseInt(line));
            line(in);
            all.add(value);
        } else if (kind == '*') {
            for (int i = Integer.parseInt(line); i > 0; i--) {
                all.addAll(answer(in));
            }
        }
        return all;
    }

    private static String line(DataInputStream in) throws IOException {
        StringBuilder text = new StringBuilder();
        for (int next = in.read(); next != '\r'; next = in.read()) {
            text.append((char) next);
        }
        in.read();
        return text.toString();
    }
}
