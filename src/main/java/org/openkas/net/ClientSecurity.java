package org.openkas.net;

import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.X509TrustManager;

/**
 * TLS of a client: whom it trusts, and what it shows of itself (chapter 05 §6.3). Immutable and thread-safe.
 *
 * @param trust judges whom it talks to
 * @param identity what the other side may ask for
 */
public record ClientSecurity(X509TrustManager trust, Optional<Identity> identity) {

    /** A certificate with the chain that leads to it, and its key. Never prints the key. */
    public record Identity(PrivateKey key, List<X509Certificate> chain) {
        @Override
        public String toString() {
            return "Identity[hidden]";
        }

        /**
         * Out of two files, or of one that has both.
         *
         * @throws TlsException if they cannot be loaded
         */
        static Identity read(String certificateFile, String keyFile) throws TlsException {
            try {
                PemFile certificates = PemFile.read(Path.of(certificateFile));
                PemFile keys = certificateFile.equals(keyFile) ? certificates : PemFile.read(Path.of(keyFile));
                X509Certificate[] chain = certificates.certificates();
                PrivateKey key = keys.privateKey();
                PemFile.requireMatch(key, chain[0]);
                return new Identity(key, List.of(chain));
            } catch (IOException | GeneralSecurityException | IllegalArgumentException e) {
                throw unusable(certificateFile, keyFile, e);
            }
        }

        static TlsException unusable(String certificateFile, String keyFile, Exception cause) {
            return new TlsException("loading certificate (" + certificateFile + ") and key (" + keyFile + ") files: " + cause.getMessage(),
                    cause);
        }

        X509Certificate[] chainArray() {
            return chain.toArray(X509Certificate[]::new);
        }
    }

    /** A client that shows nothing of itself. */
    public static ClientSecurity trusting(X509TrustManager trust) {
        return new ClientSecurity(trust, Optional.empty());
    }

    /**
     * The same client with a certificate to show; the files are read now and never again.
     *
     * @throws TlsException if the files cannot be loaded
     */
    public ClientSecurity showing(String certificateFile, String keyFile) throws TlsException {
        try {
            return new ClientSecurity(trust, Optional.of(Identity.read(certificateFile, keyFile)));
        } catch (TlsException e) {
            // a client's files are not named, as the reference does not
            throw e.getCause() == null ? e : new TlsException(String.valueOf(e.getCause().getMessage()), e);
        }
    }

    /** Sets up a context for clients. */
    public void applyTo(SslContextBuilder context) {
        context.sslProvider(SslProvider.JDK).protocols("TLSv1.2", "TLSv1.3").ciphers(Security.CIPHERS)
                .trustManager(trust);
        identity.ifPresent(own -> context.keyManager(own.key(), own.chainArray()));
    }
}
