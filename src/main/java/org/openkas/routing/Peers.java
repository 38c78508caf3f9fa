package org.openkas.routing;

import io.grpc.Channel;

/** The other servers, by the URLs of their private APIs. Thread-safe. */
interface Peers {
    /** The right to call a server, to be given back once. */
    interface Lease {
        /** Calls go here. */
        Channel channel();

        /** Gives it back. */
        void release();
    }

    /**
     * A connection to a server; it may not be there yet.
     *
     * @throws PeerUrlException if that URL cannot be called
     */
    Lease lease(String url) throws PeerUrlException;
}
