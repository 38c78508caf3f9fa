package org.openkas.observability;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class RequestTimeoutsTest {
    private final RequestTimeouts timeouts = new RequestTimeouts();
    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final ChannelHandlerContext context;

    RequestTimeoutsTest() {
        channel.freezeTime();
        channel.pipeline().addLast(timeouts).addLast("end", new ChannelInboundHandlerAdapter());
        context = channel.pipeline().context("end");
    }

    private void pass(Duration time) {
        channel.advanceTimeBy(time.toMillis(), TimeUnit.MILLISECONDS);
        channel.runScheduledPendingTasks();
    }

    @Test
    void theFirstRequestMustComeWithinASecond() {
        pass(Duration.ofMillis(999));
        assertThat(channel.isOpen()).isTrue();
        pass(Duration.ofMillis(1));
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void bytesOfARequestDoNotProlongItsSecond() {
        pass(Duration.ofMillis(900));
        channel.writeInbound("GET");
        pass(Duration.ofMillis(100));
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void anAnswerMayTakeFifteenSeconds() {
        timeouts.requested(context);
        pass(Duration.ofMillis(14_999));
        assertThat(channel.isOpen()).isTrue();
        pass(Duration.ofMillis(1));
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void aConnectionMayIdleForAMinute() {
        timeouts.requested(context);
        timeouts.answered(context);
        pass(Duration.ofMillis(59_999));
        assertThat(channel.isOpen()).isTrue();
        pass(Duration.ofMillis(1));
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void theNextRequestHasASecondFromItsFirstByte() {
        timeouts.requested(context);
        timeouts.answered(context);
        pass(Duration.ofSeconds(30));
        channel.writeInbound("GET");
        pass(Duration.ofMillis(999));
        assertThat(channel.isOpen()).isTrue();
        pass(Duration.ofMillis(1));
        assertThat(channel.isOpen()).isFalse();
    }
}
