package org.openkas.gitlab;

import java.time.Duration;
import java.util.Optional;
import org.openkas.common.Timers;
import org.openkas.jwt.TokenSigner;

/**
 * This server's token for the attempts of one call: the same for all of them, unless a long wait has made it too old to be
 * taken (chapter 02 §2.4). Not thread-safe.
 */
final class ServerToken {
    private static final Duration GOOD_FOR = Duration.ofSeconds(20);

    private final TokenSigner signer;
    private final Timers timers;
    private Optional<String> text = Optional.empty();
    private long signedNanos;

    ServerToken(TokenSigner signer, Timers timers) {
        this.signer = signer;
        this.timers = timers;
    }

    /** The token. */
    String text() {
        long now = timers.nanos();
        if (text.isEmpty() || now - signedNanos > GOOD_FOR.toNanos()) {
            text = Optional.of(signer.sign());
            signedNanos = now;
        }
        return text.get();
    }
}
