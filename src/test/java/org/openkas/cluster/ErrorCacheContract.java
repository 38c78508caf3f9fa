package org.openkas.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.openkas.cluster.ErrorCache.Lookup;
import org.openkas.proto.gitlab.ClientError;

/** What every {@link ErrorCache} does. */
abstract class ErrorCacheContract {
    private static final ByteString KEY = ByteString.copyFrom(new byte[]{0, (byte) 0xff, 'a', '\n'});
    private static final ClientError FORBIDDEN = ClientError.newBuilder().setStatusCode(403).setPath("/a/b").setReason("403 Forbidden")
            .build();

    /** An empty cache. */
    abstract ErrorCache cache();

    /** Lets time pass for the cache. */
    abstract void pass(Duration time);

    @Test
    void knowsNothingAtFirst() {
        assertThat(cache().find(Lookup.AGENT_INFO, KEY)).isEmpty();
    }

    @Test
    void remembersTheWholeError() {
        ErrorCache cache = cache();
        cache.remember(Lookup.PROXY_USER, KEY, FORBIDDEN, Duration.ofSeconds(10));
        assertThat(cache.find(Lookup.PROXY_USER, KEY)).contains(FORBIDDEN);
    }

    @Test
    void lookupsAndKeysAreApart() {
        ErrorCache cache = cache();
        cache.remember(Lookup.AGENT_INFO, KEY, FORBIDDEN, Duration.ofSeconds(10));
        assertThat(cache.find(Lookup.PROJECT_INFO, KEY)).isEmpty();
        assertThat(cache.find(Lookup.AGENT_INFO, KEY.concat(KEY))).isEmpty();
    }

    @Test
    void forgetsAfterTheTimeToLiveOfTheLastWrite() {
        ErrorCache cache = cache();
        cache.remember(Lookup.AGENT_INFO, KEY, FORBIDDEN.toBuilder().setStatusCode(401).build(), Duration.ofMinutes(10));
        cache.remember(Lookup.AGENT_INFO, KEY, FORBIDDEN, Duration.ofSeconds(2));
        pass(Duration.ofMillis(1000));
        assertThat(cache.find(Lookup.AGENT_INFO, KEY)).contains(FORBIDDEN);
        pass(Duration.ofMillis(1100));
        assertThat(cache.find(Lookup.AGENT_INFO, KEY)).isEmpty();
    }
}
