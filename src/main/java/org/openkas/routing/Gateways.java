package org.openkas.routing;

import io.grpc.MethodDescriptor;
import io.grpc.Metadata;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.openkas.cluster.TunnelTracker;
import org.openkas.common.Backoff;
import org.openkas.common.Log;
import org.openkas.common.Timers;

/**
 * The other servers of the cluster, as searches for a tunnel see them (chapter 04 §5): who may have one, and how to ask them for
 * it. Thread-safe.
 */
public final class Gateways {
    /** How long a silent server is waited for before another one is asked as well. */
    static final Duration PATIENCE = Duration.ofMillis(10);
    private static final Backoff.Policy RETRY = Backoff.Policy.doubling(Duration.ofMillis(100), Duration.ofSeconds(1),
            Duration.ofSeconds(10));
    private static final Metadata.Key<String> AGENT_ID = Metadata.Key.of("kas-hop-routing-agent-id", Metadata.ASCII_STRING_MARSHALLER);
    private static final Metadata.Key<String> AUTHORIZATION = Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

    private final Set<String> ownUrls;
    private final Peers peers;
    private final Supplier<String> tokens;
    private final GatewayUrls urls;
    private final Timers timers;
    private final RandomGenerator random;
    private final Log log;

    /**
     * Nobody is asked yet.
     *
     * @param ownUrls of this server, which is not asked through the network
     * @param tokens makes a new token, good for a few seconds, with which this server shows that it belongs to the cluster
     * @param executor runs what blocks, each task on a virtual thread
     */
    public Gateways(List<String> ownUrls, TunnelTracker tracker, PeerConnections connections, Supplier<String> tokens, Timers timers,
            RandomGenerator random, Executor executor, Log log) {
        this(ownUrls, tracker, (Peers) connections, tokens, timers, random, executor, log);
    }

    Gateways(List<String> ownUrls, TunnelTracker tracker, Peers peers, Supplier<String> tokens, Timers timers, RandomGenerator random,
            Executor executor, Log log) {
        this.ownUrls = Set.copyOf(ownUrls);
        this.peers = peers;
        this.tokens = tokens;
        this.timers = timers;
        this.random = random;
        this.log = log;
        urls = new GatewayUrls(tracker, timers, executor, log);
    }

    /**
     * A search among them; it has not begun.
     *
     * @param claim true once, for whoever calls it first
     * @param found gets the stream to the server that had a tunnel, if the search could claim that
     */
    GatewaySearch search(Wanted wanted, BooleanSupplier claim, Consumer<Way> found) {
        return new GatewaySearch(this, wanted, claim, found);
    }

    GatewayUrls urls() {
        return urls;
    }

    boolean own(String url) {
        return ownUrls.contains(url);
    }

    Peers peers() {
        return peers;
    }

    Timers timers() {
        return timers;
    }

    Backoff backoff() {
        return RETRY.begin(timers, random);
    }

    /** The logger of one attempt. */
    boolean debugEnabled() {
        return log.debugEnabled();
    }

    Log log(Wanted wanted, String url) {
        return log.with("agent_id", wanted.agent().agentId()).with("kas_url", url).with("grpc_service", wanted.service())
                .with("grpc_method", wanted.method());
    }

    /** The metadata of a call to a server. */
    Metadata headers(Wanted wanted) {
        Metadata headers = new Metadata();
        headers.merge(wanted.headers());
        headers.discardAll(AUTHORIZATION);
        headers.discardAll(AGENT_ID);
        headers.put(AUTHORIZATION, "Bearer " + tokens.get());
        headers.put(AGENT_ID, String.valueOf(wanted.agent().agentId()));
        return headers;
    }

    /** The full name of a call to a server. */
    static String path(Wanted wanted) {
        return MethodDescriptor.generateFullMethodName(wanted.service(), wanted.method());
    }
}
