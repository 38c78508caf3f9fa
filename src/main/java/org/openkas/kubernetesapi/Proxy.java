package org.openkas.kubernetesapi;

import io.grpc.Channel;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.LongFunction;
import org.openkas.common.Log;
import org.openkas.common.Timers;
import org.openkas.kubernetesaccess.Access;
import org.openkas.kubernetesaccess.AgentAccess;
import org.openkas.kubernetesaccess.RefusedException;
import org.openkas.kubernetesaccess.WebSocketTokens;
import org.openkas.tracing.Tracer;

/**
 * What all requests share. Thread-safe.
 *
 * @param tokens for browsers' WebSockets; empty without a secret for them
 * @param serverName this server in headers, such as {@code gitlab-kas/v16.5.0/3cd2bb7a}
 * @param executor starts each task at once on a thread of its own that may block
 * @param tracer begins a span for each request, if there is one
 */
record Proxy(ProxySettings settings, String serverName, AgentAccess access, Optional<WebSocketTokens> tokens, LongFunction<Channel> agents,
        AllowedResponseHeaders allowedHeaders, AccessUsage usage, RequestMetrics metrics, Timers timers, Executor executor, Log log,
        Optional<Tracer> tracer) {

    /** This server in {@code Via} headers, of both directions. */
    String via() {
        return "gRPC/1.0 " + serverName;
    }

    /** What the bearer of a WebSocket's token may do. May block. */
    Access redeem(String token, String path) throws RefusedException {
        return tokens.flatMap(known -> known.redeem(token, path)).orElseThrow(RefusedException::badToken);
    }
}
