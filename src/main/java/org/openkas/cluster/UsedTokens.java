package org.openkas.cluster;

import com.google.protobuf.ByteString;
import java.time.Duration;

/**
 * Remembers tokens that serve once (chapter 07 §8.2), until they expire anyway. One that is full answers as if the token had been
 * used; one that cannot ask the other servers decides for its own. May block the calling thread; thread-safe.
 */
public interface UsedTokens {

    /**
     * Whether nobody has used this token yet; from now on somebody has.
     *
     * @param id of the token, no secret
     * @param ttl for how long the token could still be used
     */
    boolean use(ByteString id, Duration ttl);
}
