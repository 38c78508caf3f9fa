package org.openkas.app;

import java.util.List;
import org.openkas.config.ListenSection;
import org.openkas.config.TlsFiles;
import org.openkas.net.ListenAddress;
import org.openkas.net.Network;
import org.openkas.net.Security;
import org.openkas.net.TlsException;

/**
 * Where a listener listens, and with which certificate, as the configuration says (chapter 05 §6.3, §8.1). Immutable.
 *
 * @param address not resolved yet
 * @param security with its files read
 */
record ListenPlace(ListenAddress address, Security security) {

    /**
     * Reads the files of the certificate.
     *
     * @param alpn protocols to offer, best first; empty for none
     * @throws TlsException if they cannot be used
     */
    static ListenPlace of(ListenSection listen, List<String> alpn) throws TlsException {
        TlsFiles files = listen.tls().orElse(new TlsFiles("", ""));
        return new ListenPlace(new ListenAddress(Network.of(listen.network()).orElseThrow(), listen.address()),
                Security.of(files.certificate(), files.key(), alpn));
    }
}
