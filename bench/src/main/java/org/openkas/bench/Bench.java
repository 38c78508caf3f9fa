package org.openkas.bench;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Runs one scenario against the distribution, and against the peer that {@code KAS_BIN} names, if it does. */
final class Bench {
    private static final String USAGE = """
            bench: startup | idle ws|grpc|http AGENTS | unary | churn ws|grpc|http AGENTS | unread PEERS
              | requests ws|grpc|http|agentk CONNECTIONS... | bytes ws|grpc|http|agentk [down|up CONNECTIONS] | watches ws|grpc|http WATCHES | stalled ws|grpc|http|agentk CLIENTS
              | mixed ws|grpc|http | manifests ws|grpc|http AGENTS FILES | direct | routed CONNECTIONS
            """;

    private Bench() {
    }

    public static void main(String[] arguments) throws Exception {
        List<String> words = List.of(arguments);
        if (words.isEmpty()) {
            System.out.print(USAGE);
            return;
        }
        System.out.println("server:");
        run(words, Optional.empty());
        String peer = System.getenv("KAS_BIN");
        if (peer != null) {
            System.out.println("peer:");
            run(words, Optional.of(peer));
        }
        System.exit(0);
    }

    private static void run(List<String> words, Optional<String> peer) throws Exception {
        switch (words.getFirst()) {
            case "startup" -> startup(peer);
            case "idle" -> scenario(peer, 1, site -> Idle.run(site, words.get(1), Integer.parseInt(words.get(2))));
            case "unary" -> scenario(peer, 1, site -> Unary.run(site, peer.isPresent()));
            case "churn" -> scenario(peer, Integer.parseInt(words.get(2)), site -> Churn.run(site, words.get(1), Integer.parseInt(words.get(2))));
            case "unread" -> scenario(peer, 1, site -> Unread.run(site, Integer.parseInt(words.get(1))));
            case "requests" -> scenario(peer, 1, site -> Requests.run(site, words.get(1), words.stream().skip(2).map(Integer::valueOf).toList()));
            case "bytes" -> scenario(peer, 1, site -> Bandwidth.run(site, words.get(1), words.subList(2, words.size())));
            case "watches" -> scenario(peer, 1, site -> Watches.run(site, words.get(1), Integer.parseInt(words.get(2))));
            case "stalled" -> scenario(peer, 1, site -> Stalled.run(site, words.get(1), Integer.parseInt(words.get(2))));
            case "routed" -> scenario(peer, 1, site -> Routed.run(site, Integer.parseInt(words.get(1))));
            case "direct" -> scenario(peer, 1, Direct::run);
            case "manifests" -> scenario(peer, Integer.parseInt(words.get(2)),
                    site -> Manifests.run(site, words.get(1), Integer.parseInt(words.get(2)), Integer.parseInt(words.get(3))));
            case "mixed" -> scenario(peer, 1, site -> Mixed.run(site, words.get(1)));
            default -> System.out.print(USAGE);
        }
    }

    private interface Scenario {
        void run(Site site) throws Exception;
    }

    private static void scenario(Optional<String> peer, int agents, Scenario scenario) throws Exception {
        try (Site site = new Site(peer, agents)) {
            scenario.run(site);
        }
    }

    private static void startup(Optional<String> peer) throws Exception {
        long[] millis = new long[5];
        long resident = 0;
        for (int i = 0; i < millis.length; i++) {
            try (Site site = new Site(peer, 1)) {
                millis[i] = site.startedMillis;
                Thread.sleep(15_000);
                resident = site.figures.residentKib();
            }
        }
        Arrays.sort(millis);
        System.out.printf("startup: ready after %d ms (median of %d, least %d); %d MiB resident 15 s later%n", millis[millis.length / 2], millis.length,
                millis[0], resident >> 10);
    }
}
