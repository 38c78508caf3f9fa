package org.openkas.watch;

import com.google.protobuf.ByteString;
import java.util.List;
import java.util.Map;

/** The cluster whose objects a client watches, reached as whoever the client is. Used by one thread, which its events come on. */
public interface Cluster {

    /**
     * Begins a {@code GET}.
     *
     * @param query values by name, not encoded
     */
    Request get(String path, Map<String, List<String>> query, Events events);

    /** One request. Nothing comes but what {@link #more} asks for. */
    interface Request {
        /** Lets one more message come: a head, or a part of the body. */
        void more();

        /** Ends it; there will be no event any more. */
        void cancel();
    }

    /** What becomes of a request. {@link #failed} and {@link #complete} are the last. */
    interface Events {
        /** The HTTP status. */
        void status(int code);

        /** A part of the body. */
        void body(ByteString part);

        /** The body is complete. */
        void complete();

        /** There is no way to the cluster, or not any more. */
        void failed(String reason);
    }
}
