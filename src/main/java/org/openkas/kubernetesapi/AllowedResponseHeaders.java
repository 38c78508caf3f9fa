package org.openkas.kubernetesapi;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.openkas.common.Log;
import org.openkas.common.Timers;

/**
 * Which response headers of clusters reach clients (chapter 07 §8.1): a hostile cluster must not set cookies or policies for
 * GitLab's domain. What is held back is written to the log, once an hour for each name. Thread-safe.
 */
final class AllowedResponseHeaders {
    private static final Set<String> WELL_KNOWN = HeaderLines.lowerCase(List.of("Accept-Ranges", "Age", "Allow", "Audit-Id",
            "Cache-Control",
            "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Length", "Content-Location", "Content-Range",
            "Content-Type", "Date", "ETag", "Expires", "Last-Modified", "Link", "Location", "Pragma", "Retry-After", "Sec-WebSocket-Accept",
            "Sec-WebSocket-Extensions", "Sec-WebSocket-Protocol", "Server", "Vary", "Via", "Warning", "WWW-Authenticate",
            "X-Accepted-Stream-Protocol-Versions", "X-Content-Type-Options", "X-Kubernetes-PF-FlowSchema-UID",
            "X-Kubernetes-PF-PriorityLevel-UID", "X-Stream-Protocol-Version"));
    /** Of an upgrade, granted or demanded (101, 426); elsewhere they concern the connection to the cluster. */
    private static final Set<String> OF_UPGRADE = Set.of("connection", "upgrade");
    private static final Set<String> NEVER = Set.of("set-cookie", "strict-transport-security", "clear-site-data");
    private static final String NEVER_PREFIX = "access-control-";

    private static final Duration NOT_AGAIN = Duration.ofHours(1);
    /** Names are the cluster's choice, and the log is not its to fill. */
    private static final long MOST_NAMES = 100;
    private static final String BLOCKED = "Blocked Kubernetes API proxy response header. Please configure extra allowed headers for your"
            + " instance in the KAS config with `extra_allowed_response_headers` and restart the server if clients need it";

    private final Set<String> allowed;
    private final Log log;
    private final Cache<String, Boolean> written;

    /**
     * Allows the well-known headers.
     *
     * @param extra names that are allowed as well, as far as they may be
     * @param log also warns of names that are never allowed
     */
    AllowedResponseHeaders(List<String> extra, Timers timers, Log log) {
        this.log = log;
        this.allowed = new TreeSet<>(WELL_KNOWN);
        for (String name : HeaderLines.lowerCase(extra)) {
            if (never(name)) {
                log.with("header", name)
                        .warn("agent.kubernetes_api.extra_allowed_response_headers names a header that clusters may never set");
            } else {
                allowed.add(name);
            }
        }
        this.written = Caffeine.newBuilder().expireAfterWrite(NOT_AGAIN).ticker(timers::nanos).executor(Runnable::run).build();
    }

    private static boolean never(String lowerCaseName) {
        return NEVER.contains(lowerCaseName) || lowerCaseName.startsWith(NEVER_PREFIX);
    }

    /** Removes what must not pass; {@code namesProtocols} if the answer says what the connection becomes, or has to become. */
    void sift(HeaderLines headers, boolean namesProtocols, long agentId) {
        for (String name : List.copyOf(headers.names())) {
            String lower = name.toLowerCase(Locale.ROOT);
            if (allowed.contains(lower) || (namesProtocols && OF_UPGRADE.contains(lower))) {
                continue;
            }
            headers.remove(name);
            if (!OF_UPGRADE.contains(lower)) {
                report(name, lower, agentId);
            }
        }
    }

    private void report(String name, String lower, long agentId) {
        written.cleanUp();
        if (written.estimatedSize() < MOST_NAMES && written.asMap().putIfAbsent(lower, Boolean.TRUE) == null) {
            log.with("header", name).with("agent_id", agentId).warn(BLOCKED);
        }
    }
}
