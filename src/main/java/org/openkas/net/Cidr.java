package org.openkas.net;

import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.util.Optional;

/** A network as {@code 10.0.0.0/8} or {@code fd00::/8}. Immutable. */
final class Cidr {
    private static final int BITS = 8;

    private final byte[] network;
    private final int prefix;

    private Cidr(byte[] network, int prefix) {
        this.network = network;
        this.prefix = prefix;
    }

    /** The network that a text means, if it means one. */
    static Optional<Cidr> parse(String text) {
        int slash = text.indexOf('/');
        String length = text.substring(slash + 1);
        byte[] address = slash < 0 ? null : NetUtil.createByteArrayFromIpAddressString(text.substring(0, slash));
        if (address == null || !length.matches("0|[1-9][0-9]{0,2}") || Integer.parseInt(length) > BITS * address.length) {
            return Optional.empty();
        }
        return Optional.of(new Cidr(address, Integer.parseInt(length)));
    }

    /** Whether an address is one of it. */
    boolean contains(InetAddress address) {
        byte[] other = address.getAddress();
        if (other.length != network.length) {
            return false;
        }
        for (int bit = 0; bit < prefix; bit++) {
            int mask = 0x80 >> bit % BITS;
            if (((network[bit / BITS] ^ other[bit / BITS]) & mask) != 0) {
                return false;
            }
        }
        return true;
    }
}
