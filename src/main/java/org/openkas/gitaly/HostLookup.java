package org.openkas.gitaly;

import java.io.IOException;
import java.net.InetAddress;
import java.util.List;

/** Finds the addresses of a host; blocks. Implementations are thread-safe. */
@FunctionalInterface
interface HostLookup {

    /** The host's own resolver; the Java runtime remembers its answers for 30 s. */
    HostLookup SYSTEM = host -> List.of(InetAddress.getAllByName(host));

    /** All IPv4 and IPv6 addresses of a host. */
    List<InetAddress> addresses(String host) throws IOException, InterruptedException;
}
