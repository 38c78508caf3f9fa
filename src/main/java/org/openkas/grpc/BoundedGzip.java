package org.openkas.grpc;

import io.grpc.Decompressor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/** Reads gzip, but never more than the largest message; the status is the reference's (chapter 01 §3.1). Thread-safe. */
final class BoundedGzip implements Decompressor {
    private static final String NO_HEADER = "Not in GZIP format";

    private final int maxBytes;

    BoundedGzip(int maxBytes) {
        this.maxBytes = maxBytes;
    }

    @Override
    public String getMessageEncoding() {
        return "gzip";
    }

    @Override
    public InputStream decompress(InputStream compressed) {
        try {
            return new Bounded(new GZIPInputStream(compressed), maxBytes);
        } catch (IOException e) {
            throw broken(e);
        }
    }

    private static StatusRuntimeException broken(IOException failure) {
        String text = switch (failure) {
            case EOFException e -> "unexpected EOF";
            case ZipException e when NO_HEADER.equals(e.getMessage()) -> "gzip: invalid header";
            default -> "gzip: " + failure.getMessage();
        };
        return Status.INTERNAL.withDescription("grpc: failed to decompress the received message: " + text).asRuntimeException();
    }

    private static final class Bounded extends FilterInputStream {
        private final int maxBytes;
        private long count;

        private Bounded(InputStream in, int maxBytes) {
            super(in);
            this.maxBytes = maxBytes;
        }

        @Override
        public int read() {
            try {
                int value = super.read();
                count(value < 0 ? 0 : 1);
                return value;
            } catch (IOException e) {
                throw broken(e);
            }
        }

        @Override
        public int read(byte[] target, int offset, int length) {
            try {
                int read = super.read(target, offset, length);
                count(Math.max(0, read));
                return read;
            } catch (IOException e) {
                throw broken(e);
            }
        }

        @Override
        public long skip(long n) {
            try {
                long skipped = super.skip(n);
                count(skipped);
                return skipped;
            } catch (IOException e) {
                throw broken(e);
            }
        }

        @Override
        public boolean markSupported() {
            return false;
        }

        private void count(long more) {
            count += more;
            if (count > maxBytes) {
                throw ReadableMessages.tooLarge("after decompression larger", maxBytes + 1L, maxBytes).asRuntimeException();
            }
        }
    }
}
