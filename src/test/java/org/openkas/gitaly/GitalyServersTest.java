package org.openkas.gitaly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.ManagedChannel;
import io.grpc.inprocess.InProcessChannelBuilder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.openkas.proto.entity.GitalyInfo;
import org.openkas.repository.RepositoryException;
import org.openkas.testkit.FakeTimers;

class GitalyServersTest {
    private final FakeTimers timers = new FakeTimers();
    private final List<ManagedChannel> made = new ArrayList<>();
    private final GitalyServers servers = new GitalyServers(new GitalyServers.Factory() {
        @Override
        public ManagedChannel channel(String address) throws RepositoryException {
            if (address.isEmpty()) {
                throw new RepositoryException(RepositoryException.Code.UNKNOWN, "address is empty", null);
            }
            made.add(InProcessChannelBuilder.forName(address).build());
            return made.getLast();
        }

        @Override
        public RateLimiter limiter(String address) {
            return new RateLimiter("x", 1, 1, timers, RateLimitObserver.NONE);
        }
    }, Duration.ofHours(1), timers);

    @AfterEach
    void close() {
        made.forEach(ManagedChannel::shutdownNow);
    }

    private static GitalyInfo access(String address, String token) {
        return GitalyInfo.newBuilder().setAddress(address).setToken(token).build();
    }

    @Test
    void oneChannelAndLimiterForEachAddressAndToken() throws Exception {
        try (GitalyServers.Lease one = servers.lease(access("a", "t").toBuilder().putFeatures("f", "1").build());
                GitalyServers.Lease same = servers.lease(access("a", "t"));
                GitalyServers.Lease token = servers.lease(access("a", "u"));
                GitalyServers.Lease address = servers.lease(access("b", "t"))) {
            assertThat(one.channel()).isSameAs(same.channel()).isNotSameAs(token.channel()).isNotSameAs(address.channel());
            assertThat(one.limiter()).isSameAs(same.limiter()).isNotSameAs(token.limiter());
        }
        assertThat(made).hasSize(3);
    }

    @Test
    void closesWhatWasNotUsedForAnHour() throws Exception {
        servers.lease(access("a", "")).close();
        GitalyServers.Lease inUse = servers.lease(access("b", ""));
        timers.advance(Duration.ofMinutes(59));
        servers.lease(access("c", "")).close();
        timers.advance(Duration.ofMinutes(1));
        assertThat(made).extracting(ManagedChannel::isShutdown).containsExactly(true, false, false);
        timers.advance(Duration.ofHours(1));
        assertThat(made).extracting(ManagedChannel::isShutdown).containsExactly(true, false, true);
        inUse.close();
        timers.advance(Duration.ofHours(2));
        assertThat(made).extracting(ManagedChannel::isShutdown).containsExactly(true, true, true);
        assertThat(servers.count()).isZero();
        assertThat(timers.pending()).isZero();
        servers.lease(access("a", "")).close();
        assertThat(made.getLast().isShutdown()).isFalse();
    }

    @Test
    void aFailureToMakeAChannelIsNotRemembered() {
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> servers.lease(access("", ""))).isInstanceOf(RepositoryException.class);
        }
        assertThat(servers.count()).isZero();
    }

    @Test
    void closesAllWhenTheServerStops() throws Exception {
        servers.lease(access("a", ""));
        servers.close();
        assertThat(made.getFirst().isShutdown()).isTrue();
        assertThatThrownBy(() -> servers.lease(access("a", ""))).hasMessage("could not dial source: the server is shutting down");
    }
}
