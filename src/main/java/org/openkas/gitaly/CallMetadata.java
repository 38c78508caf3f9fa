package org.openkas.gitaly;

import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.openkas.proto.entity.GitalyInfo;

/** The metadata of a call to Gitaly: who we are, and the feature flags that GitLab wants used (chapter 02 §5.4, §5.5). */
final class CallMetadata {
    private static final Metadata.Key<String> AUTHORIZATION = Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
    private static final String ALGORITHM = "HmacSHA256";

    private CallMetadata() {
    }

    /**
     * The metadata of a call that begins at {@code now}.
     *
     * @throws StatusException if a feature's name or value cannot be metadata
     */
    static Metadata of(GitalyInfo access, Instant now) throws StatusException {
        Metadata metadata = new Metadata();
        if (!access.getToken().isEmpty()) {
            metadata.put(AUTHORIZATION, "Bearer " + token(access.getToken(), now.getEpochSecond()));
        }
        for (Map.Entry<String, String> feature : access.getFeaturesMap().entrySet()) {
            add(metadata, feature.getKey().toLowerCase(Locale.ROOT), feature.getValue());
        }
        return metadata;
    }

    private static void add(Metadata metadata, String name, String value) throws StatusException {
        try {
            if (name.endsWith(Metadata.BINARY_HEADER_SUFFIX)) {
                metadata.put(Metadata.Key.of(name, Metadata.BINARY_BYTE_MARSHALLER), value.getBytes(StandardCharsets.UTF_8));
                return;
            }
            if (!value.chars().allMatch(c -> c >= 0x20 && c <= 0x7e)) {
                throw Status.INTERNAL.withDescription("header key \"" + name + "\" contains value with non-printable ASCII characters")
                        .asException();
            }
            metadata.put(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER), value);
        } catch (IllegalArgumentException e) {
            throw Status.INTERNAL.withDescription("header key \"" + name + "\" contains illegal characters not in [0-9a-z-_.]")
                    .asException();
        }
    }

    private static String token(String secret, long seconds) {
        String time = Long.toString(seconds);
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), ALGORITHM));
            byte[] signature = mac.doFinal(time.getBytes(StandardCharsets.US_ASCII));
            return "v2." + HexFormat.of().formatHex(signature) + "." + time;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java runtime has HMAC-SHA-256", e);
        }
    }
}
