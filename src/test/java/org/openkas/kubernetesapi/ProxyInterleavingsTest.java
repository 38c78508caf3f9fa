package org.openkas.kubernetesapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.openkas.kubernetesapi.RunningProxy.TOKEN;
import static org.openkas.kubernetesapi.RunningProxy.setup;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.openkas.testkit.KubernetesAgent;
import org.openkas.testkit.NoLeaks;
import org.openkas.testkit.RawPeer;

/**
 * Whatever clients and agents send, in whatever order they send, close and reset: nothing is left, nobody gets what is
 * another's, and the next request is served. The seed is the repetition's number.
 */
@ExtendWith(NoLeaks.class)
@Timeout(60)
class ProxyInterleavingsTest {
    private static final int CLIENTS = 4;
    private static final int STEPS = 120;
    private static final Pattern OWNER = Pattern.compile("<(\\d+)>");

    private final List<Client> clients = new ArrayList<>();
    private final List<Live> calls = new ArrayList<>();

    @RepeatedTest(40)
    @DisplayName("Random interleavings leave no call, no connection, no timer, no buffer, and mix up no clients")
    void interleavings(RepetitionInfo run) throws Exception {
        Random random = new Random(run.getCurrentRepetition());
        try (RunningProxy proxy = setup().start()) {
            for (int i = 0; i < CLIENTS; i++) {
                clients.add(new Client(i, proxy.peer()));
            }
            for (int step = 0; step < STEPS; step++) {
                clients.get(random.nextInt(CLIENTS)).act(random);
                takeNew(proxy);
                if (!calls.isEmpty()) {
                    calls.get(random.nextInt(calls.size())).act(random);
                }
                if (random.nextInt(20) == 0) {
                    proxy.timers.advance(Duration.ofMillis(random.nextInt(4000)));
                }
            }
            for (Client client : clients) {
                client.leave(random.nextBoolean());
            }
            await("connections, seed " + run.getCurrentRepetition()).atMost(Duration.ofSeconds(10)).until(() -> {
                takeNew(proxy);
                calls.stream().filter(Live::outlivesItsClient).forEach(Live::fail);
                return proxy.server.connections().isEmpty();
            });
            if (!calls.stream().allMatch(Live::over)) {
                // an agent may take this long to end an answer that its client has got whole
                proxy.timers.advance(Duration.ofSeconds(5));
            }
            await("calls, seed " + run.getCurrentRepetition()).atMost(Duration.ofSeconds(10)).until(() -> {
                takeNew(proxy);
                return calls.stream().allMatch(Live::over);
            });
            assertThat(proxy.timers.pending()).isZero();
            assertThat(proxy.log.lines()).noneMatch(line -> line.message().contains("Serving a request failed"));
            proxy.agent.atEnd(call -> call.answer(200, "fresh"));
            assertThat(proxy.get("/").body()).isEqualTo("fresh");
        }
    }

    /** What was still on its way may have begun another call. */
    private void takeNew(RunningProxy proxy) throws InterruptedException {
        while (proxy.agent.waiting() > 0) {
            calls.add(new Live(proxy.agent.next()));
        }
    }

    private static final class Client {
        private final int id;
        private final RawPeer peer;
        private String rest = "";
        private boolean gone;
        private boolean left;

        private Client(int id, RawPeer peer) {
            this.id = id;
            this.peer = peer;
        }

        private void act(Random random) {
            if (gone) {
                return;
            }
            try {
                switch (random.nextInt(16)) {
                    case 0 -> {
                        if (random.nextInt(6) == 0) {
                            leave(random.nextBoolean());
                        }
                    }
                    case 1 -> {
                        if (random.nextInt(6) == 0) {
                            peer.halfClose();
                        }
                    }
                    case 2, 3 -> read();
                    default -> {
                        if (rest.isEmpty()) {
                            rest = request(random);
                        }
                        int count = random.nextBoolean() ? rest.length() : 1 + random.nextInt(rest.length());
                        peer.send(rest.substring(0, count));
                        rest = rest.substring(count);
                    }
                }
            } catch (IOException e) {
                gone = true; // the server has closed
            }
        }

        private String request(Random random) {
            String target = " /" + id + " HTTP/1.1\r\n" + TOKEN;
            return switch (random.nextInt(9)) {
                case 0, 1 -> "GET" + target + "\r\n";
                case 2 -> ("GET" + target + "\r\n").repeat(2);
                case 3 -> "POST" + target + "Content-Length: 6\r\n\r\nabcdef";
                case 4 -> "POST" + target + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n";
                case 5 -> "POST" + target + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nx\r\n";
                case 6 -> "GET" + target + "Upgrade: SPDY/3.1\r\n\r\n" + (random.nextBoolean() ? "early" : "");
                case 7 -> "POST" + target + "Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc";
                default -> "HEAD" + target + (random.nextBoolean() ? "Connection: close\r\n\r\n" : "\r\n");
            };
        }

        /** Everything that is there; whose it is shows. */
        private void read() throws IOException {
            peer.patience(5);
            StringBuilder text = new StringBuilder();
            try {
                while (true) {
                    String next = peer.readText(1);
                    if (next.isEmpty()) {
                        gone = true;
                        break;
                    }
                    text.append(next);
                }
            } catch (java.net.SocketTimeoutException e) {
                // no more for now
            }
            OWNER.matcher(text).results().forEach(owner -> assertThat(owner.group(1)).isEqualTo(Integer.toString(id)));
        }

        private void leave(boolean reset) throws IOException {
            if (left) {
                return;
            }
            left = true;
            if (!gone) {
                try {
                    read();
                } catch (IOException e) {
                    // the server has closed
                }
            }
            gone = true;
            if (reset) {
                peer.reset();
            } else {
                peer.close();
            }
        }
    }

    private static final class Live {
        private final KubernetesAgent.Call call;
        private final String mark;
        private boolean upgraded;
        private boolean switched;
        private boolean ended;

        private Live(KubernetesAgent.Call call) {
            this.call = call;
            mark = "<" + call.header().getRequest().getUrlPath().substring(1) + ">";
        }

        /** A half-close ends no upgrade; and until the agent has switched, a client that left may have half-closed only. */
        private boolean outlivesItsClient() {
            return upgraded && (call.halfClosed.get() > 0 || !switched);
        }

        private boolean over() {
            return ended || call.cancelled.get() > 0;
        }

        private void act(Random random) {
            if (over()) {
                return;
            }
            try {
                switch (random.nextInt(14)) {
                    case 0, 1 -> call.head(200);
                    case 2 -> call.head(200, "Content-Length", Integer.toString(mark.length()));
                    case 3, 4 -> {
                        upgraded = true;
                        call.head(101, "Upgrade", "SPDY/3.1");
                    }
                    case 5 -> call.head(random.nextBoolean() ? 204 : 403);
                    case 6, 7, 8 -> call.data(mark);
                    case 9 -> {
                        switched = upgraded;
                        call.trailer();
                    }
                    case 10 -> call.upgradeData(ByteString.copyFromUtf8(mark));
                    case 11 -> {
                        ended = true;
                        call.complete();
                    }
                    case 12 -> {
                        ended = true;
                        call.trailer().complete();
                    }
                    default -> {
                        if (random.nextInt(3) == 0) {
                            fail();
                        }
                    }
                }
            } catch (RuntimeException e) {
                // it was cancelled meanwhile
            }
        }

        private void fail() {
            if (!over()) {
                ended = true;
                try {
                    call.fail(Status.UNAVAILABLE.withDescription(mark));
                } catch (RuntimeException e) {
                    // it was cancelled meanwhile
                }
            }
        }
    }
}
