package org.openkas.gitlab;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The beginning of GitLab's answer and the stream of its body. Must be closed; until then it holds one of the connections.
 * Reading blocks and is for one thread; closing is for any.
 */
public final class GitLabResponse implements AutoCloseable {
    /** How much of a body that nobody wants is read, so that the connection can be used again. */
    private static final int MOST_DISCARDED = 8 << 10;

    private final int status;
    private final Map<String, List<String>> headers;
    private final InputStream body;
    private final Runnable released;
    private final AtomicBoolean closed = new AtomicBoolean();
    private final List<Runnable> closeActions = new CopyOnWriteArrayList<>();

    /** {@code headers} by lower-case name; {@code released} runs once, when the answer is closed. */
    GitLabResponse(int status, Map<String, List<String>> headers, InputStream body, Runnable released) {
        this.status = status;
        this.headers = headers;
        this.body = body;
        this.released = released;
    }

    /** The HTTP status. */
    public int status() {
        return status;
    }

    /** Values of the headers by lower-case name. */
    public Map<String, List<String>> headers() {
        return headers;
    }

    /** The first value of a header. */
    public Optional<String> header(String name) {
        List<String> values = headers.get(name.toLowerCase(Locale.ROOT));
        return values == null ? Optional.empty() : values.stream().findFirst();
    }

    /** The body as it arrives, decompressed if the server itself had asked for compression. */
    public InputStream body() {
        return body;
    }

    /** Whether the body is of a media type; parameters such as {@code charset} do not matter. */
    boolean isOfType(String mediaType) {
        return header("Content-Type").map(value -> value.split(";", 2)[0].strip()).filter(mediaType::equalsIgnoreCase).isPresent();
    }

    /**
     * Reads the whole body.
     *
     * @param most how many bytes may come
     * @throws IOException if it breaks off or is longer
     */
    byte[] readAll(int most) throws IOException {
        ByteArrayOutputStream whole = new ByteArrayOutputStream();
        byte[] piece = new byte[8 << 10];
        for (int length = body.read(piece); length >= 0; length = body.read(piece)) {
            if (whole.size() + length > most) {
                throw new IOException("larger than " + most + " bytes");
            }
            whole.write(piece, 0, length);
        }
        return whole.toByteArray();
    }

    /** What went wrong while reading a {@link #body}. */
    public static String readFailure(IOException failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof EOFException) {
                return "unexpected EOF";
            }
        }
        return String.valueOf(failure.getMessage());
    }

    /** Runs {@code action} when the answer is closed. */
    void onClose(Runnable action) {
        closeActions.add(action);
    }

    /** Reads what little may be left and closes. */
    void discard() {
        try {
            if (body.readNBytes(MOST_DISCARDED).length == MOST_DISCARDED) {
                // more of it than a new connection costs
                return;
            }
        } catch (IOException e) {
            // nobody wanted it
            return;
        } finally {
            close();
        }
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            try {
                body.close();
            } catch (IOException e) {
                // the connection goes away by this as well
                return;
            } finally {
                released.run();
                closeActions.forEach(Runnable::run);
            }
        }
    }
}
