package org.openkas.kubernetesapi;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.openkas.net.ListenAddress;
import org.openkas.net.Security;

/**
 * What is configured about the Kubernetes API listener (chapter 03 §1). Immutable.
 *
 * @param urlPathPrefix ends with a slash
 * @param allowedOrigin the one origin whose pages browsers may call from; compared byte by byte
 * @param extraResponseHeaders headers that clusters may set besides the well-known ones
 */
public record ProxySettings(ListenAddress address, Security security, String urlPathPrefix, Optional<String> allowedOrigin,
        List<String> extraResponseHeaders, Duration listenGracePeriod, Duration shutdownGracePeriod) {
}
