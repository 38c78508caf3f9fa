package org.openkas.routing;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import com.google.protobuf.UnsafeByteOperations;
import io.grpc.Drainable;
import io.grpc.KnownLength;
import io.grpc.MethodDescriptor;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import org.openkas.message.OwnedBytes;

/** A message of a call as bytes, copied once where the marshaller knows its length. */
final class Payload {
    private Payload() {
    }

    /** Reads and closes what a marshaller made. */
    static ByteString of(InputStream marshalled) {
        try (marshalled) {
            if (marshalled instanceof KnownLength && marshalled instanceof Drainable drainable) {
                Exact exact = new Exact(marshalled.available());
                drainable.drainTo(exact);
                return exact.bytes();
            }
            return ByteString.readFrom(marshalled);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read a message that was just written", e);
        }
    }

    /** Makes messages of bytes. */
    @FunctionalInterface
    interface Reader<T> {
        /** May throw what the marshaller throws. */
        T read(ByteString bytes);
    }

    /** Reads as the marshaller does, but a protobuf message without a copy of its bytes. */
    static <T> Reader<T> reader(MethodDescriptor.Marshaller<T> marshaller) {
        Reader<T> usual = bytes -> marshaller.parse(new Known(bytes.newInput()));
        if (!(marshaller instanceof MethodDescriptor.PrototypeMarshaller<T> ofMessages
                && ofMessages.getMessagePrototype() instanceof MessageLite prototype)) {
            return usual;
        }
        return bytes -> {
            try {
                return ofMessages.getMessageClass().cast(OwnedBytes.parse(prototype, bytes));
            } catch (InvalidProtocolBufferException e) {
                return usual.read(bytes); // which complains in its own way
            }
        };
    }

    private static final class Known extends FilterInputStream implements KnownLength {
        private Known(InputStream bytes) {
            super(bytes);
        }
    }

    /** A stream into an array that is not copied again. */
    private static final class Exact extends OutputStream {
        private final byte[] array;
        private int length;

        private Exact(int length) {
            array = new byte[length];
        }

        @Override
        public void write(int value) {
            array[length++] = (byte) value;
        }

        @Override
        public void write(byte[] source, int offset, int count) {
            System.arraycopy(source, offset, array, length, count);
            length += count;
        }

        private ByteString bytes() {
            return UnsafeByteOperations.unsafeWrap(array, 0, length);
        }
    }
}
