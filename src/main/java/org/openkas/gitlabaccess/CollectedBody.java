package org.openkas.gitlabaccess;

import com.google.protobuf.ByteString;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.Optional;
import org.openkas.gitlab.RequestBody;

/**
 * The body of one request as it arrives, and then as it is sent, perhaps several times. Bytes are added by one thread; they
 * are read when all are there. Thread-safe.
 */
final class CollectedBody implements RequestBody, AutoCloseable {
    private final BodyStore store;
    private ByteArrayOutputStream memory = new ByteArrayOutputStream(0);
    private Optional<FileChannel> file = Optional.empty();
    private long length;
    private boolean closed;

    CollectedBody(BodyStore store) {
        this.store = store;
    }

    /**
     * Adds bytes at the end; blocks.
     *
     * @throws IOException if they cannot be kept, with a text for the sender
     */
    synchronized void add(ByteString bytes) throws IOException {
        if (closed || bytes.isEmpty()) {
            return;
        }
        if (file.isEmpty() && store.takeMemory(length, bytes.size())) {
            bytes.writeTo(memory);
        } else {
            append(bytes.asReadOnlyByteBuffer());
        }
        length += bytes.size();
    }

    private void append(ByteBuffer bytes) throws IOException {
        int size = bytes.remaining();
        store.takeDisk(size);
        try {
            if (file.isEmpty()) {
                file = Optional.of(store.takeFile());
            }
            while (bytes.hasRemaining()) {
                file.get().write(bytes);
            }
        } catch (IOException e) {
            store.giveDisk(size);
            throw e;
        }
    }

    @Override
    public synchronized long length() {
        return length;
    }

    @Override
    public synchronized InputStream open() throws IOException {
        if (closed) {
            throw new IOException("the request is over");
        }
        InputStream head = new ByteArrayInputStream(memory.toByteArray());
        return file.isEmpty() ? head : new SequenceInputStream(head, new FileReader(file.get()));
    }

    /** Gives everything back, also while somebody reads. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        store.giveMemory(memory.size());
        store.giveDisk(length - memory.size());
        memory = new ByteArrayOutputStream(0);
        file.ifPresent(open -> {
            store.giveFile();
            discard(open);
        });
    }

    private static void discard(FileChannel open) {
        try {
            open.close();
        } catch (IOException e) {
            // the system has taken the file already
            return;
        }
    }

    /** Reads a file from its beginning, whoever else reads it. */
    private static final class FileReader extends InputStream {
        private final FileChannel file;
        private long position;

        FileReader(FileChannel file) {
            this.file = file;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] bytes, int offset, int wanted) throws IOException {
            int read = file.read(ByteBuffer.wrap(bytes, offset, wanted), position);
            position += Math.max(0, read);
            return read;
        }
    }
}
