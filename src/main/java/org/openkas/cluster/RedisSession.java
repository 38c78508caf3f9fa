package org.openkas.cluster;

import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisConnectionStateListener;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.TransactionResult;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.RedisPubSubListener;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Open connections to one Redis, from the moment in which they were opened until the first of them breaks: one for commands, one
 * for writes that must keep their order, one for events. Nothing here blocks; what was asked for and is not answered fails when
 * the session is closed. Thread-safe.
 */
final class RedisSession implements AutoCloseable {
    private final RedisDialer.Place place;
    private final StatefulRedisConnection<byte[], byte[]> reads;
    private final StatefulRedisConnection<byte[], byte[]> writes;
    private final StatefulRedisPubSubConnection<byte[], byte[]> events;

    RedisSession(RedisDialer.Place place, StatefulRedisConnection<byte[], byte[]> reads, StatefulRedisConnection<byte[], byte[]> writes,
            StatefulRedisPubSubConnection<byte[], byte[]> events) {
        this.place = place;
        this.reads = reads;
        this.writes = writes;
        this.events = events;
    }

    /** The server that the connections lead to. */
    RedisDialer.Place place() {
        return place;
    }

    /** Runs {@code broken} when a connection ends, also when {@link #close} does it. */
    void whenBroken(Runnable broken) {
        RedisConnectionStateListener listener = new RedisConnectionStateListener() {
            @Override
            public void onRedisDisconnected(io.lettuce.core.RedisChannelHandler<?, ?> connection) {
                broken.run();
            }
        };
        reads.addListener(listener);
        writes.addListener(listener);
        events.addListener(listener);
        // what broke before anybody listened
        if (!reads.isOpen() || !writes.isOpen() || !events.isOpen()) {
            broken.run();
        }
    }

    /** A command that depends on no other one. */
    <T> CompletionStage<T> command(Function<RedisAsyncCommands<byte[], byte[]>, RedisFuture<T>> command) {
        try {
            return command.apply(reads.async());
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    /** A write; Redis executes writes and transactions in the order in which they are given to this session. */
    <T> CompletionStage<T> write(Function<RedisAsyncCommands<byte[], byte[]>, RedisFuture<T>> command) {
        try {
            synchronized (writes) {
                return command.apply(writes.async());
            }
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    /** Writes that Redis executes together; fails if one of them does. */
    CompletionStage<Void> transaction(Function<RedisAsyncCommands<byte[], byte[]>, List<RedisFuture<?>>> commands) {
        List<RedisFuture<?>> inside;
        RedisFuture<TransactionResult> all;
        try {
            // the library takes every command between the two for a part of the transaction
            synchronized (writes) {
                RedisFuture<String> _ = writes.async().multi();
                inside = commands.apply(writes.async());
                all = writes.async().exec();
            }
        } catch (RuntimeException e) {
            // half of a transaction is on its way
            close();
            return CompletableFuture.failedFuture(e);
        }
        return all.handle((result, failure) -> {
            if (failure != null) {
                throw new CompletionException(refused(inside, failure));
            }
            result.stream().filter(Throwable.class::isInstance).findFirst().ifPresent(one -> {
                throw new CompletionException((Throwable) one);
            });
            return null;
        });
    }

    /** Why Redis did not take a command; that the others were dropped with it tells nobody anything. */
    private static Throwable refused(List<RedisFuture<?>> inside, Throwable failure) {
        return inside.stream().map(RedisFuture::toCompletableFuture).filter(CompletableFuture::isCompletedExceptionally)
                .map(CompletableFuture::exceptionNow).filter(RedisCommandExecutionException.class::isInstance).findFirst().orElse(failure);
    }

    /** Answers when all connections that commands use work. */
    CompletionStage<Void> ping() {
        return command(RedisAsyncCommands::ping).thenCombine(write(RedisAsyncCommands::ping), (one, other) -> null);
    }

    /** Hands over what is published in a channel, on a thread that must not block; answers when nothing is missed any more. */
    CompletionStage<Void> subscribe(byte[] channel, Consumer<byte[]> listener) {
        RedisPubSubListener<byte[], byte[]> messages = new RedisPubSubAdapter<>() {
            @Override
            public void message(byte[] from, byte[] message) {
                listener.accept(message);
            }
        };
        events.addListener(messages);
        try {
            return events.async().subscribe(channel).whenComplete((done, failure) -> {
                if (failure != null) {
                    events.removeListener(messages);
                }
            });
        } catch (RuntimeException e) {
            events.removeListener(messages);
            return CompletableFuture.failedFuture(e);
        }
    }

    @Override
    public void close() {
        List<CompletableFuture<Void>> _ = List.of(reads.closeAsync(), writes.closeAsync(), events.closeAsync());
    }
}
