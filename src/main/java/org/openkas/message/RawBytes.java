package org.openkas.message;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.grpc.Drainable;
import io.grpc.KnownLength;
import io.grpc.MethodDescriptor;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;

/** Messages as the bytes that they are, copied once when they come and not when they go. Stateless. */
public final class RawBytes implements MethodDescriptor.Marshaller<ByteString> {

    @Override
    public InputStream stream(ByteString message) {
        return new Whole(message);
    }

    @Override
    public ByteString parse(InputStream stream) {
        try {
            if (!(stream instanceof KnownLength)) {
                return ByteString.readFrom(stream);
            }
            byte[] whole = new byte[stream.available()];
            int read = stream.readNBytes(whole, 0, whole.length);
            return UnsafeByteOperations.unsafeWrap(whole, 0, read);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static final class Whole extends FilterInputStream implements KnownLength, Drainable {
        private final ByteString bytes;

        private Whole(ByteString bytes) {
            super(bytes.newInput());
            this.bytes = bytes;
        }

        @Override
        public int drainTo(OutputStream target) throws IOException {
            bytes.writeTo(target);
            return bytes.size();
        }
    }
}
