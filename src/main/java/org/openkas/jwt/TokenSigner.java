package org.openkas.jwt;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import org.openkas.common.Timers;

/**
 * Signs tokens with HS256 (chapter 02 §2.4, chapter 04 §4.2): {@code iss}, {@code aud} (always an array), {@code iat} in
 * whole seconds, {@code nbf} five seconds before it, {@code exp} after the validity; nothing else. Thread-safe.
 */
public final class TokenSigner {
    private static final Duration CLOCKS_MAY_DIFFER_BY = Duration.ofSeconds(5);
    private static final Base64.Encoder BASE64 = Base64.getUrlEncoder().withoutPadding();
    private static final byte[] HEADER = BASE64.encode("{\"alg\":\"HS256\",\"typ\":\"JWT\"}".getBytes(StandardCharsets.UTF_8));

    private final HmacKey key;
    private final String issuer;
    private final List<String> audience;
    private final Duration validity;
    private final Timers timers;
    private final JsonMapper json = new JsonMapper();

    /**
     * @param secret of any length; it is copied
     * @param validity in whole seconds, from {@code iat} to {@code exp}
     */
    public TokenSigner(byte[] secret, String issuer, List<String> audience, Duration validity, Timers timers) {
        this.key = new HmacKey(secret);
        this.issuer = issuer;
        this.audience = List.copyOf(audience);
        this.validity = validity;
        this.timers = timers;
    }

    /** A new token, good from five seconds ago until the validity has passed. */
    public String sign() {
        long now = timers.now().getEpochSecond();
        // written here and not by the library's builder, which turns an audience of one into a plain string
        ObjectNode claims = json.createObjectNode();
        claims.put("iss", issuer);
        audience.forEach(claims.putArray("aud")::add);
        claims.put("exp", now + validity.toSeconds());
        claims.put("nbf", now - CLOCKS_MAY_DIFFER_BY.toSeconds());
        claims.put("iat", now);
        byte[] payload = BASE64.encode(claims.toString().getBytes(StandardCharsets.UTF_8));
        byte[] signature = key.hs256().sign(HEADER, payload);
        return text(HEADER) + '.' + text(payload) + '.' + BASE64.encodeToString(signature);
    }

    private static String text(byte[] ascii) {
        return new String(ascii, StandardCharsets.US_ASCII);
    }
}
