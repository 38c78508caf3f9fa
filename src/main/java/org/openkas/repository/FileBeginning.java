package org.openkas.repository;

import com.google.protobuf.ByteString;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.openkas.repository.RepositoryReader.Chunks;

/** Holds a file back until it ends or turns out to be large; what is large is passed on as it comes. For one thread. */
final class FileBeginning implements Chunks {
    private final int small;
    private final Chunks chunks;
    private final Runnable turnedOutLarge;
    private final Deque<ByteString> held = new ArrayDeque<>();
    private int size;
    private boolean large;

    /**
     * For one file.
     *
     * @param small the greatest size that is held back, in bytes
     * @param turnedOutLarge called once, before the first chunk of a large file is passed on
     */
    FileBeginning(int small, Chunks chunks, Runnable turnedOutLarge) {
        this.small = small;
        this.chunks = chunks;
        this.turnedOutLarge = turnedOutLarge;
    }

    @Override
    public void accept(ByteString chunk) throws RepositoryException, InterruptedException {
        if (!large && chunk.size() <= small - size) {
            held.add(chunk);
            size += chunk.size();
            return;
        }
        if (!large) {
            large = true;
            turnedOutLarge.run();
            while (!held.isEmpty()) {
                chunks.accept(held.remove());
            }
        }
        chunks.accept(chunk);
    }

    boolean isLarge() {
        return large;
    }

    /** The chunks of a file that is not large. */
    List<ByteString> held() {
        return List.copyOf(held);
    }

    int size() {
        return size;
    }
}
