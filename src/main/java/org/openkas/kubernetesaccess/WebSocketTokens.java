package org.openkas.kubernetesaccess;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;
import javax.crypto.Cipher;
import javax.crypto.KDF;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.HKDFParameterSpec;
import org.openkas.cluster.UsedTokens;
import org.openkas.common.Timers;
import org.openkas.proto.token.WebSocketToken;

/**
 * Tokens for browsers, which cannot send headers with a WebSocket (chapter 07 §8.2): a token says what was found out about its
 * bearer, for one path, one use and {@link #VALIDITY}. It is AES-GCM under a key that is derived from the secret, in Base64url
 * without padding, which may stand in the list of a WebSocket's subprotocols. All servers with the same secret understand it; it
 * needs no other state than that of {@link UsedTokens}. Thread-safe.
 */
public final class WebSocketTokens {
    /** From issue to use. */
    static final Duration VALIDITY = Duration.ofSeconds(30);
    /** By how much another server's clock may be behind. */
    private static final Duration SKEW = Duration.ofSeconds(5);

    private static final String PURPOSE = "openkas websocket token 1";
    private static final int KEY_BYTES = 32;
    private static final int NONCE_BYTES = 12;
    private static final int TAG_BITS = 128;

    private final SecretKey key;
    private final UsedTokens used;
    private final Timers timers;
    private final SecureRandom random = new SecureRandom();

    /** @param secret of all servers of a cluster */
    public WebSocketTokens(byte[] secret, UsedTokens used, Timers timers) {
        this.used = used;
        this.timers = timers;
        try {
            key = KDF.getInstance("HKDF-SHA256").deriveKey("AES",
                    HKDFParameterSpec.ofExtract().addIKM(secret).thenExpand(PURPOSE.getBytes(StandardCharsets.UTF_8), KEY_BYTES));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java runtime lacks HKDF", e);
        }
    }

    /** A token for requests to {@code path} that may do what {@code access} says. */
    public String issue(Access access, String path) {
        WebSocketToken.Builder token = WebSocketToken.newBuilder().setAgentId(access.agentId()).setUserId(access.userId())
                .setProjectId(access.projectId()).setKind(access.kind().label()).setExpiresAt(timers.now().plus(VALIDITY).toEpochMilli());
        access.identity().map(ImpersonationConfigs::of).ifPresent(token::setIdentity);
        byte[] nonce = new byte[NONCE_BYTES];
        random.nextBytes(nonce);
        try {
            byte[] sealed = cipher(Cipher.ENCRYPT_MODE, nonce, path).doFinal(token.build().toByteArray());
            return Base64.getUrlEncoder().withoutPadding()
                    .encodeToString(ByteBuffer.allocate(NONCE_BYTES + sealed.length).put(nonce).put(sealed).array());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("AES-GCM failed", e);
        }
    }

    /** What the bearer may do; empty if the token is not good for a request to {@code path}, or was used. May block. */
    public Optional<Access> redeem(String token, String path) {
        byte[] bytes;
        try {
            bytes = Base64.getUrlDecoder().decode(token);
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
        // the last character may have bits that mean nothing: only one spelling of a token is good
        boolean wellFormed = bytes.length > NONCE_BYTES && Base64.getUrlEncoder().withoutPadding().encodeToString(bytes).equals(token);
        return wellFormed ? opened(bytes, path).flatMap(content -> redeem(content, bytes)) : Optional.empty();
    }

    private Optional<Access> redeem(WebSocketToken token, byte[] bytes) {
        Duration left = Duration.ofMillis(token.getExpiresAt() - timers.now().toEpochMilli());
        if (left.isNegative() || left.isZero() || left.compareTo(VALIDITY.plus(SKEW)) > 0) {
            return Optional.empty();
        }
        Optional<AccessKind> kind = Arrays.stream(AccessKind.values()).filter(each -> each.label().equals(token.getKind())).findFirst();
        // a server whose clock is behind takes the token for longer
        return kind.filter(each -> used.use(ByteString.copyFrom(bytes, 0, NONCE_BYTES), left.plus(SKEW)))
                .map(each -> new Access(token.getAgentId(),
                        token.hasIdentity() ? Optional.of(ImpersonationConfigs.identity(token.getIdentity())) : Optional.empty(), each,
                        token.getUserId(), token.getProjectId()));
    }

    private Optional<WebSocketToken> opened(byte[] bytes, String path) {
        try {
            byte[] nonce = Arrays.copyOf(bytes, NONCE_BYTES);
            return Optional.of(WebSocketToken.parseFrom(
                    cipher(Cipher.DECRYPT_MODE, nonce, path).doFinal(bytes, NONCE_BYTES, bytes.length - NONCE_BYTES)));
        } catch (GeneralSecurityException | InvalidProtocolBufferException e) {
            // somebody made it up, or changed it
            return Optional.empty();
        }
    }

    private Cipher cipher(int mode, byte[] nonce, String path) throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(mode, key, new GCMParameterSpec(TAG_BITS, nonce));
        cipher.updateAAD(path.getBytes(StandardCharsets.UTF_8));
        return cipher;
    }
}
