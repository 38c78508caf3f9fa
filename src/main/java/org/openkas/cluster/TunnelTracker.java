package org.openkas.cluster;

import java.util.Collection;
import java.util.List;

/**
 * Which servers have idle tunnels of which agents (chapter 04 §2.8, §7.4). A server is known by the URL of its private API, or by
 * several, where it has several addresses; an implementation knows those of its own server. Single tunnels are nobody's business
 * but their server's. Implementations are thread-safe; calls may block on the network.
 */
public interface TunnelTracker {

    /**
     * Says that this server has an idle tunnel of the agent, for the time to live of an entry.
     *
     * @throws TrackerException if that could not be written
     */
    void register(long agentId) throws TrackerException;

    /** Says that this server has no idle tunnel of the agent any more; without effect if it had none. */
    void unregister(long agentId) throws TrackerException;

    /** Renews the entries of these agents together, and makes those that are missing. */
    void refresh(Collection<Long> agentIds) throws TrackerException;

    /** The servers with an idle tunnel of the agent, in no particular order; this one may be among them. */
    List<String> gateways(long agentId) throws TrackerException;
}
