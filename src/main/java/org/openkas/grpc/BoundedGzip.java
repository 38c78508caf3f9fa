package org.openkas.grpc;

import io.grpc.Decompressor;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.GZIPInputStream;

/** Reads gzip, but never more than the largest message; the status is the reference's (chapter 01 §3.1). Thread-safe. */
final class BoundedGzip implements Decompressor {
    private final int maxBytes;

    BoundedGzip(int maxBytes) {
        this.maxBytes = maxBytes;
    }

    @Override
    public String getMessageEncoding() {
        return "gzip";
    }

    @Override
    public InputStream decompress(InputStream compressed) throws IOException {
        return new Bounded(new GZIPInputStream(compressed), maxBytes);
    }

    private static final class Bounded extends FilterInputStream {
        private final int maxBytes;
        private long count;

        private Bounded(InputStream in, int maxBytes) {
            super(in);
            this.maxBytes = maxBytes;
        }

        @Override
        public int read() throws IOException {
            int value = super.read();
            count(value < 0 ? 0 : 1);
            return value;
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            int read = super.read(target, offset, length);
            count(Math.max(0, read));
            return read;
        }

        @Override
        public long skip(long n) throws IOException {
            long skipped = super.skip(n);
            count(skipped);
            return skipped;
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
