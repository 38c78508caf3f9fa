package org.openkas.message;

import com.google.protobuf.ByteString;
import io.grpc.MethodDescriptor;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/** Messages as the bytes that they are, copied once when they come and not when they go. Stateless. */
public final class RawBytes implements MethodDescriptor.Marshaller<ByteString> {

    @Override
    public InputStream stream(ByteString message) {
        return OwnedBytes.stream(message);
    }

    @Override
    public ByteString parse(InputStream stream) {
        try {
            return OwnedBytes.bytes(stream);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
