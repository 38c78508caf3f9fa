package org.openkas.gitlab;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.io.InputStream;

/** What a call sends. It may be read several times, by attempts one after the other. Implementations are thread-safe. */
public interface RequestBody {
    /** Nothing. */
    RequestBody NONE = of(ByteString.EMPTY);

    /** How many bytes there are; sent as {@code Content-Length}. */
    long length();

    /**
     * All bytes from the first on; read by threads that may block.
     *
     * @throws IOException if they are gone
     */
    InputStream open() throws IOException;

    /** Bytes in memory. */
    static RequestBody of(ByteString bytes) {
        return new RequestBody() {
            @Override
            public long length() {
                return bytes.size();
            }

            @Override
            public InputStream open() {
                return bytes.newInput();
            }
        };
    }
}
