package org.openkas.gitaly;

import io.grpc.ClientInterceptor;
import java.time.Duration;
import java.util.List;
import org.openkas.common.BuildInfo;

/**
 * How channels to Gitaly behave (chapter 02 §5.2).
 *
 * @param keepAlive a connection that was silent for this long is asked for a sign of life
 * @param unusedFor a channel without calls for this long is closed
 * @param interceptors see every call, the first one outermost
 */
record ChannelSettings(BuildInfo build, Duration keepAlive, Duration unusedFor, List<ClientInterceptor> interceptors) {

    ChannelSettings {
        interceptors = List.copyOf(interceptors);
    }

    /** As in production: 20 s, and one hour. */
    static ChannelSettings standard(BuildInfo build, List<ClientInterceptor> interceptors) {
        return new ChannelSettings(build, Duration.ofSeconds(20), Duration.ofHours(1), interceptors);
    }
}
