package org.openkas.net;

import io.netty.util.NetUtil;
import org.openkas.config.ConfigurationException;

/** The two parts of a listen address, without brackets. Immutable. */
record HostAndPort(String host, String port) {

    /**
     * Splits at the last colon.
     *
     * @throws ConfigurationException in the words that operators know, if there is none, or more than the host's own
     */
    static HostAndPort split(String address) throws ConfigurationException {
        int colon = address.lastIndexOf(':');
        if (colon < 0 || address.endsWith("]")) {
            throw malformed(address, "missing port in address");
        }
        String host = address.substring(0, colon);
        boolean bracketed = host.startsWith("[") && host.endsWith("]");
        if (!bracketed && host.indexOf(':') >= 0) {
            throw malformed(address, "too many colons in address");
        }
        return new HostAndPort(bracketed ? host.substring(1, host.length() - 1) : host, address.substring(colon + 1));
    }

    /** Whether a listener with this host takes connections to all addresses of its machine. */
    boolean everyInterface() {
        if (host.isEmpty()) {
            return true;
        }
        byte[] address = NetUtil.createByteArrayFromIpAddressString(host);
        if (address == null) {
            return false;
        }
        for (byte each : address) {
            if (each != 0) {
                return false;
            }
        }
        return true;
    }

    private static ConfigurationException malformed(String address, String problem) {
        return new ConfigurationException("listener address: address " + address + ": " + problem);
    }
}
