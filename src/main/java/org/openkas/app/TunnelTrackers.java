package org.openkas.app;

import java.util.List;
import org.openkas.cluster.TunnelTracker;

/** Where servers know each other's tunnels (chapter 04 §2.8). Thread-safe. */
@FunctionalInterface
interface TunnelTrackers {
    /** The tracker of a server that others reach under these URLs. */
    TunnelTracker of(List<String> ownUrls);
}
