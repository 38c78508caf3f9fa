package org.openkas.routing;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.grpc.Drainable;
import io.grpc.KnownLength;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;

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
