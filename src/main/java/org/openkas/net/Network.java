package org.openkas.net;

import java.util.Optional;

/** Kinds of listening sockets, by the words of the configuration (chapter 01 §1). */
public enum Network {
    /** TCP of either family. */
    TCP("tcp"),
    /** TCP over IPv4 only. */
    TCP4("tcp4"),
    /** TCP over IPv6 only. */
    TCP6("tcp6"),
    /** A unix domain socket; the address is a path. */
    UNIX("unix");

    private final String label;

    Network(String label) {
        this.label = label;
    }

    /** The word in configuration and error texts. */
    public String label() {
        return label;
    }

    /** The network that goes by this word, if any does. */
    public static Optional<Network> of(String label) {
        for (Network network : values()) {
            if (network.label.equals(label)) {
                return Optional.of(network);
            }
        }
        return Optional.empty();
    }
}
