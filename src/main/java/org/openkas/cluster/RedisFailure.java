package org.openkas.cluster;

import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisException;
import io.netty.channel.ConnectTimeoutException;
import io.netty.handler.ssl.NotSslRecordException;
import java.io.FileNotFoundException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.UnresolvedAddressException;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertificateException;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * Redis did not do what it was asked for. The message has the words that operators of KAS know (chapter 05 §4.6, §11): of Redis
 * itself, or of the network. It never holds a password.
 */
public final class RedisFailure extends Exception {
    private static final long serialVersionUID = 1L;

    private final boolean answered;

    private RedisFailure(String message, boolean answered, @Nullable Throwable cause) {
        super(message, cause);
        this.answered = answered;
    }

    /** There is no connection to Redis. */
    static RedisFailure unreachable(String message) {
        return new RedisFailure(message, false, null);
    }

    /** Redis did not answer in time. */
    static RedisFailure late(Throwable cause) {
        return new RedisFailure("i/o timeout", false, cause);
    }

    /** The one who asked does not want to know any more. */
    static RedisFailure abandoned(Throwable cause) {
        return new RedisFailure("context canceled", false, cause);
    }

    /** A command failed. */
    static RedisFailure ofCommand(Throwable failure) {
        Optional<RedisCommandExecutionException> reply = find(failure, RedisCommandExecutionException.class);
        if (reply.isPresent()) {
            return new RedisFailure(String.valueOf(reply.get().getMessage()), true, failure);
        }
        if (find(failure, TimeoutException.class).isPresent()) {
            return late(failure);
        }
        if (find(failure, CancellationException.class).isPresent() || find(failure, ClosedChannelException.class).isPresent()
                || (failure instanceof RedisException && text(failure).contains("onnection"))) {
            return new RedisFailure("EOF", false, failure);
        }
        return new RedisFailure(text(failure), false, failure);
    }

    /** A connection to {@code network} and {@code address} could not be opened. */
    static RedisFailure ofDial(String network, String address, Throwable failure) {
        Optional<RedisCommandExecutionException> reply = find(failure, RedisCommandExecutionException.class);
        return reply.isPresent()
                ? new RedisFailure(String.valueOf(reply.get().getMessage()).replaceFirst("^ERR ", ""), true, failure)
                : new RedisFailure(dialText(network, address, failure), false, failure);
    }

    private static String dialText(String network, String address, Throwable failure) {
        String dial = "dial " + network + " " + address + ": ";
        if (find(failure, UnknownHostException.class).isPresent() || find(failure, UnresolvedAddressException.class).isPresent()) {
            return "dial tcp: lookup " + address.substring(0, Math.max(0, address.lastIndexOf(':'))) + ": no such host";
        }
        if (find(failure, NotSslRecordException.class).isPresent()) {
            return "tls: first record does not look like a TLS handshake";
        }
        if (find(failure, SSLException.class).isPresent()) {
            return tlsText(failure);
        }
        if (find(failure, TimeoutException.class).isPresent() || find(failure, ConnectTimeoutException.class).isPresent()) {
            return dial + "i/o timeout";
        }
        if (find(failure, FileNotFoundException.class).isPresent()) {
            return dial + "connect: no such file or directory";
        }
        String all = messages(failure).toLowerCase(Locale.ROOT);
        for (String known : new String[]{"connection refused", "permission denied", "no route to host",
                "network is unreachable", "connection reset by peer"}) {
            if (all.contains(known)) {
                return dial + "connect: " + known;
            }
        }
        // an address where there is something that is no socket
        if (find(failure, ConnectException.class).isPresent()) {
            return dial + "connect: " + find(failure, ConnectException.class).map(RedisFailure::text).orElse("connection refused");
        }
        return find(failure, ClosedChannelException.class).isPresent() || all.contains("closed") ? dial + "EOF" : dial + text(failure);
    }

    private static String tlsText(Throwable failure) {
        String unverified = "tls: failed to verify certificate: x509: ";
        if (find(failure, CertPathBuilderException.class).isPresent() || messages(failure).contains("PKIX path")) {
            return unverified + "certificate signed by unknown authority";
        }
        Optional<CertificateException> refused = find(failure, CertificateException.class);
        return refused.isPresent()
                ? unverified + text(refused.get())
                : "tls: " + find(failure, SSLException.class).map(RedisFailure::text).orElse("handshake failure");
    }

    /** Whether Redis itself said no; if not, it could not be asked. */
    boolean answered() {
        return answered;
    }

    /** Whether it is the one who asked that ended it: nothing to report (chapter 04 §1.5). */
    boolean isAbandoned() {
        return getCause() instanceof InterruptedException;
    }

    /** Whether the server that was asked only repeats what another one writes. */
    boolean replica() {
        return answered && text(this).startsWith("READONLY");
    }

    private static String text(Throwable failure) {
        String message = failure.getMessage();
        return message == null || message.isEmpty() ? failure.getClass().getName() : message;
    }

    private static String messages(Throwable failure) {
        StringBuilder all = new StringBuilder();
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            all.append(text(cause)).append('\n');
        }
        return all.toString();
    }

    private static <T extends Throwable> Optional<T> find(Throwable failure, Class<T> type) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (type.isInstance(cause)) {
                return Optional.of(type.cast(cause));
            }
        }
        return Optional.empty();
    }
}
