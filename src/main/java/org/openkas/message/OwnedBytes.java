package org.openkas.message;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.ExtensionRegistryLite;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import com.google.protobuf.UnsafeByteOperations;
import io.grpc.Drainable;
import io.grpc.KnownLength;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.Objects;

/**
 * Reads messages out of bytes that nobody else changes: fields of bytes are parts of them rather than copies, and keep the
 * whole in memory as long as they live. Without state.
 */
public final class OwnedBytes {
    private OwnedBytes() {
    }

    /**
     * Reads a message.
     *
     * @throws InvalidProtocolBufferException if the bytes are not such a message
     */
    public static <M extends MessageLite> M parse(M prototype, ByteString bytes) throws InvalidProtocolBufferException {
        CodedInputStream input = bytes.newCodedInput();
        input.enableAliasing(true);
        @SuppressWarnings("unchecked") // a message's parser makes messages of its type
        M message = (M) prototype.getParserForType().parseFrom(input, ExtensionRegistryLite.getEmptyRegistry());
        input.checkLastTagWas(0);
        return message;
    }

    /** The same marshaller, reading in this way where it is one of protobuf messages; its failures are the same, too. */
    public static <T> MethodDescriptor.Marshaller<T> reading(MethodDescriptor.Marshaller<T> marshaller) {
        if (marshaller instanceof MethodDescriptor.PrototypeMarshaller<T> ofMessages
                && ofMessages.getMessagePrototype() instanceof MessageLite prototype) {
            return new Reading<>(ofMessages, prototype);
        }
        return marshaller;
    }

    /** A stream of these bytes, out of which a marshaller of {@link #reading} reads them as they are. */
    public static InputStream stream(ByteString bytes) {
        return new Owned(bytes);
    }

    private static final class Owned extends FilterInputStream implements KnownLength, Drainable {
        private final ByteString bytes;

        private Owned(ByteString bytes) {
            super(bytes.newInput());
            this.bytes = bytes;
        }

        @Override
        public int drainTo(OutputStream target) throws IOException {
            bytes.writeTo(target);
            return bytes.size();
        }
    }

    /** All of the stream; copied at most once. */
    static ByteString bytes(InputStream stream) throws IOException {
        if (stream instanceof Owned owned) {
            return owned.bytes;
        }
        if (!(stream instanceof KnownLength)) {
            return ByteString.readFrom(stream);
        }
        byte[] whole = new byte[stream.available()];
        int read = stream.readNBytes(whole, 0, whole.length);
        return UnsafeByteOperations.unsafeWrap(whole, 0, read);
    }

    private record Reading<T>(MethodDescriptor.PrototypeMarshaller<T> written, MessageLite prototype)
            implements MethodDescriptor.PrototypeMarshaller<T> {

        @Override
        public T getMessagePrototype() {
            return Objects.requireNonNull(written.getMessagePrototype());
        }

        @Override
        public Class<T> getMessageClass() {
            return written.getMessageClass();
        }

        @Override
        public InputStream stream(T value) {
            return written.stream(value);
        }

        @Override
        public T parse(InputStream stream) {
            try {
                @SuppressWarnings("unchecked") // the prototype is the marshaller's own
                T message = (T) OwnedBytes.parse(prototype, bytes(stream));
                return message;
            } catch (InvalidProtocolBufferException e) {
                throw Status.INTERNAL.withDescription("Invalid protobuf byte sequence").withCause(e).asRuntimeException();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

    }
}
