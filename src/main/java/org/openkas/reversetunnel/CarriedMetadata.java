package org.openkas.reversetunnel;

import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.openkas.proto.prototool.Values;

/** gRPC metadata as it travels through tunnels and between servers (chapter 04 §1.2). Stateless. */
public final class CarriedMetadata {
    private static final String HOP = "kas-hop-";
    private static final Set<String> RESERVED = Set.of("content-type", "user-agent", "te", "grpc-message-type", "grpc-encoding",
            "grpc-message", "grpc-status", "grpc-timeout", "grpc-status-details-bin");
    private static final Pattern KEY = Pattern.compile("[0-9a-z_.-]+");

    private CarriedMetadata() {
    }

    /**
     * What the agent sees of a request's metadata: all but what servers tell each other.
     *
     * @throws StatusException {@code INTERNAL} if a binary value is not text, which cannot be carried
     */
    public static Map<String, Values> ofRequest(Metadata headers) throws StatusException {
        Map<String, Values> carried = new HashMap<>();
        for (String name : headers.keys()) {
            if (!name.startsWith(HOP) && !RESERVED.contains(name)) {
                carried.put(name, name.endsWith(Metadata.BINARY_HEADER_SUFFIX) ? binary(headers, name) : text(headers, name));
            }
        }
        return carried;
    }

    private static Values text(Metadata headers, String name) {
        Iterable<String> values = headers.getAll(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER));
        return values == null ? Values.getDefaultInstance() : Values.newBuilder().addAllValue(values).build();
    }

    private static Values binary(Metadata headers, String name) throws StatusException {
        Values.Builder values = Values.newBuilder();
        Iterable<byte[]> all = headers.getAll(Metadata.Key.of(name, Metadata.BINARY_BYTE_MARSHALLER));
        if (all != null) {
            for (byte[] value : all) {
                try {
                    values.addValue(StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(value)).toString());
                } catch (CharacterCodingException e) {
                    throw Status.INTERNAL.withDescription("grpc: error while marshaling: string field contains invalid UTF-8").withCause(e)
                            .asException();
                }
            }
        }
        return values.build();
    }

    /** Adds what an agent sent to {@code headers}; what belongs to the transport, and keys that no metadata can have, are left out. */
    public static void add(Map<String, Values> carried, Metadata headers) {
        carried.forEach((key, values) -> {
            String name = key.toLowerCase(Locale.ROOT);
            if (!RESERVED.contains(name) && KEY.matcher(name).matches()) {
                values.getValueList().forEach(value -> add(name, value, headers));
            }
        });
    }

    private static void add(String name, String value, Metadata headers) {
        if (name.endsWith(Metadata.BINARY_HEADER_SUFFIX)) {
            headers.put(Metadata.Key.of(name, Metadata.BINARY_BYTE_MARSHALLER), value.getBytes(StandardCharsets.UTF_8));
        } else {
            headers.put(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER), value);
        }
    }
}
