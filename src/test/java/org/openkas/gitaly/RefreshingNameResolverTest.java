package org.openkas.gitaly;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.NameResolver;
import io.grpc.Status;
import io.grpc.SynchronizationContext;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.openkas.testkit.FakeTimers;

class RefreshingNameResolverTest {
    private final FakeTimers timers = new FakeTimers();
    private final SynchronizationContext context = new SynchronizationContext((thread, failure) -> {
        throw new AssertionError(failure);
    });
    private final List<String> told = new ArrayList<>();
    private List<InetAddress> addresses = List.of(InetAddress.ofLiteral("10.0.0.1"));
    private boolean failing;
    private Status taken = Status.OK;
    private int lookups;

    private final RefreshingNameResolver resolver = new RefreshingNameResolver(new GitalyAddress.HostPort("gitaly", 8075), host -> {
        lookups++;
        if (failing) {
            throw new IOException("no such host");
        }
        return addresses;
    }, timers, new Random() {
        @Override
        public double nextDouble() {
            return 0.5;
        }
    }, NameResolver.Args.newBuilder().setDefaultPort(80).setProxyDetector(target -> null).setSynchronizationContext(context)
            .setServiceConfigParser(new NameResolver.ServiceConfigParser() {
                @Override
                public NameResolver.ConfigOrError parseServiceConfig(java.util.Map<String, ?> raw) {
                    return NameResolver.ConfigOrError.fromConfig(new Object());
                }
            }).build());

    private void start() {
        context.execute(() -> resolver.start(new NameResolver.Listener2() {
            @Override
            public void onResult(NameResolver.ResolutionResult result) {
                onResult2(result);
            }

            @Override
            public Status onResult2(NameResolver.ResolutionResult result) {
                told.add(String.join(" ", result.getAddressesOrError().getValue().stream()
                        .map(group -> ((InetSocketAddress) group.getAddresses().getFirst()).toString().substring(1)).toList()));
                return taken;
            }

            @Override
            public void onError(Status error) {
                told.add(error.getCode() + " " + error.getDescription());
            }
        }));
        timers.advance(Duration.ZERO);
    }

    @Test
    @DisplayName("GB-44 all addresses are used, and looked up again after five minutes")
    void refreshes() {
        addresses = List.of(InetAddress.ofLiteral("10.0.0.1"), InetAddress.ofLiteral("fd00::1"));
        start();
        addresses = List.of(InetAddress.ofLiteral("10.0.0.2"));
        timers.advance(Duration.ofSeconds(299));
        assertThat(told).containsExactly("10.0.0.1:8075 [fd00:0:0:0:0:0:0:1]:8075");
        timers.advance(Duration.ofSeconds(1));
        assertThat(told).last().isEqualTo("10.0.0.2:8075");
        assertThat(resolver.getServiceAuthority()).isEqualTo("gitaly:8075");
    }

    @Test
    void looksAtOnceWhenTheChannelAsks() {
        start();
        context.execute(resolver::refresh);
        context.execute(resolver::refresh);
        timers.advance(Duration.ZERO);
        assertThat(lookups).isEqualTo(3);
        timers.advance(Duration.ofSeconds(299));
        assertThat(lookups).isEqualTo(3);
        timers.advance(Duration.ofSeconds(1));
        assertThat(lookups).isEqualTo(4);
    }

    @Test
    void waitsLongerAfterEachFailure() {
        failing = true;
        start();
        assertThat(told).containsExactly("UNAVAILABLE dns: record resolve error: lookup gitaly: no such host");
        long[] waits = {1_100, 1_600, 2_350, 3_475};
        for (int i = 0; i < waits.length; i++) {
            timers.advance(Duration.ofMillis(waits[i] - 1));
            assertThat(lookups).isEqualTo(i + 1);
            timers.advance(Duration.ofMillis(1));
            assertThat(lookups).isEqualTo(i + 2);
        }
        timers.advance(Duration.ofMinutes(10));
        int before = lookups;
        timers.advance(Duration.ofMillis(60_100));
        assertThat(lookups).isEqualTo(before + 1);
    }

    @Test
    void aSuccessMakesTheWaitsShortAgain() {
        start();
        long[] waits = {300_000, 1_100, 1_600, 300_000, 1_100};
        boolean[] fails = {true, true, false, true, true};
        for (int i = 0; i < waits.length; i++) {
            failing = fails[i];
            timers.advance(Duration.ofMillis(waits[i] - 1));
            assertThat(lookups).isEqualTo(i + 1);
            timers.advance(Duration.ofMillis(1));
            assertThat(lookups).isEqualTo(i + 2);
        }
    }

    @Test
    void anAnswerThatTheChannelRefusesIsAskedForAgainSoon() {
        addresses = List.of();
        taken = Status.UNAVAILABLE;
        start();
        timers.advance(Duration.ofMillis(1_100));
        assertThat(lookups).isEqualTo(2);
    }

    @Test
    void stopsWithTheChannel() {
        start();
        context.execute(resolver::shutdown);
        timers.advance(Duration.ofHours(1));
        assertThat(lookups).isEqualTo(1);
        assertThat(timers.pending()).isZero();
    }
}
