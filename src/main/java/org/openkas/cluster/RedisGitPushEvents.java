package org.openkas.cluster;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.random.RandomGenerator;
import org.openkas.common.Backoff;
import org.openkas.common.Log;
import org.openkas.common.Timers;
import org.openkas.proto.event.GitPushEvent;

/**
 * Push events through Redis, from all servers to all servers (chapter 02 §7.2). Events that are published while Redis is lost
 * are missed; polling covers for them. Publishing blocks for {@code redis.write_timeout} at most. Thread-safe.
 */
final class RedisGitPushEvents implements GitPushEvents {
    private static final Backoff.Policy AGAIN = Backoff.Policy.doubling(Duration.ofMillis(100), Duration.ofSeconds(10),
            Duration.ofSeconds(20));

    private final RedisLink link;
    private final MemoryGitPushEvents here;
    private final Timers timers;
    private final RandomGenerator random;
    private final Log log;

    RedisGitPushEvents(RedisLink link, Timers timers, RandomGenerator random, Executor executor, Log log) {
        this.link = link;
        here = new MemoryGitPushEvents(executor, log);
        this.timers = timers;
        this.random = random;
        this.log = log;
    }

    /** Begins to listen. */
    void begin() {
        link.follow(session -> listen(session, AGAIN.begin(timers, random)));
    }

    private void listen(RedisSession session, Backoff backoff) {
        if (!link.current(session)) {
            return;
        }
        try {
            link.await(session.subscribe(RedisKeys.EVENTS.toByteArray(), this::take));
        } catch (RedisFailure e) {
            log.withError(e).error("Error handling Redis SUBSCRIBE");
            timers.after(backoff.next(), () -> listen(session, backoff));
        }
    }

    private void take(byte[] message) {
        Any event;
        try {
            event = Any.parseFrom(message);
            if (event.is(GitPushEvent.class)) {
                here.publish(event.unpack(GitPushEvent.class));
                return;
            }
        } catch (InvalidProtocolBufferException e) {
            log.withError(e).error("receiver message in channel \"kas_events\" cannot be unmarshalled into proto message");
            return;
        }
        log.with("error", "unknown type " + event.getTypeUrl()).error("Unable to handle received event");
    }

    @Override
    public void publish(GitPushEvent event) throws PublishException {
        byte[] message = Any.pack(event).toByteArray();
        try {
            link.ask(session -> session.command(commands -> commands.publish(RedisKeys.EVENTS.toByteArray(), message)));
        } catch (RedisFailure e) {
            throw new PublishException(String.valueOf(e.getMessage()), e);
        }
    }

    @Override
    public Subscription subscribe(Listener listener) {
        return here.subscribe(listener);
    }
}
