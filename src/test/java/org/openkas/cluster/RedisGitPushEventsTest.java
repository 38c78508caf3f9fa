package org.openkas.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.openkas.cluster.SharedRedis.key;

import com.google.protobuf.Any;
import io.lettuce.core.RedisClient;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.openkas.proto.event.GitPushEvent;
import org.openkas.proto.event.Project;
import org.openkas.proto.gitlab.ClientError;
import org.openkas.testkit.FakeTimers;
import org.openkas.testkit.RealRedis;

class RedisGitPushEventsTest extends GitPushEventsContract {
    private static final byte[] CHANNEL = key("kas_events");
    private static final byte[] PUBLISHED = HexFormat.of().parseHex("0a33747970652e676f6f676c65617069732e636f6d2f6769746c61622e6167656e742e"
            + "6576656e742e476974507573684576656e74120d0a0b082a1207666f6f2f626172");
    private static final GitPushEvent EVENT = GitPushEvent.newBuilder().setProject(Project.newBuilder().setId(42).setFullPath("foo/bar"))
            .build();

    private final RealRedis redis = RealRedis.start();
    private SharedRedis server;
    private RedisGitPushEvents events;

    @BeforeEach
    void connect() {
        server = new SharedRedis(redis, new FakeTimers());
        events = server.events();
    }

    @AfterEach
    void disconnect() {
        server.close();
        redis.close();
    }

    @Override
    GitPushEvents events() {
        return events;
    }

    @Test
    @DisplayName("GB-58 RA-36 an event is published as the reference does it")
    void published() throws Exception {
        List<byte[]> seen = new CopyOnWriteArrayList<>();
        try (RedisClient client = RedisClient.create("redis://" + redis.address());
                StatefulRedisPubSubConnection<byte[], byte[]> peer = client.connectPubSub(ByteArrayCodec.INSTANCE)) {
            peer.addListener(new RedisPubSubAdapter<byte[], byte[]>() {
                @Override
                public void message(byte[] channel, byte[] message) {
                    seen.add(message);
                }
            });
            peer.sync().subscribe(CHANNEL);
            events.publish(EVENT);
            await().untilAsserted(() -> assertThat(seen).containsExactly(PUBLISHED));
        }
    }

    @Test
    @DisplayName("TC-56 GB-58 GB-59 RA-43 events of peers arrive, also behind what nobody understands")
    void fromPeers() throws Exception {
        List<GitPushEvent> seen = new CopyOnWriteArrayList<>();
        try (GitPushEvents.Subscription subscription = events.subscribe(seen::add); RealRedis.Client peer = redis.client()) {
            assertThat(subscription).isNotNull();
            peer.commands().publish(CHANNEL, key("garbage"));
            peer.commands().publish(CHANNEL, Any.pack(ClientError.getDefaultInstance()).toByteArray());
            peer.commands().publish(CHANNEL, PUBLISHED);
            await().untilAsserted(() -> assertThat(seen).containsExactly(EVENT));
        }
        assertThat(server.log.lines("receiver message in channel \"kas_events\" cannot be unmarshalled into proto message")).hasSize(1);
        assertThat(server.log.lines("Unable to handle received event")).hasSize(1);
    }

    @Test
    @DisplayName("GB-59 RA-40 when Redis is gone publishing fails, when it is back the subscription is as well")
    void restart() throws Exception {
        List<GitPushEvent> seen = new CopyOnWriteArrayList<>();
        try (GitPushEvents.Subscription subscription = events.subscribe(seen::add)) {
            assertThat(subscription).isNotNull();
            redis.kill();
            await().until(() -> server.reachable.get() == 0);
            assertThatThrownBy(() -> events.publish(EVENT)).isInstanceOf(GitPushEvents.PublishException.class);
            await().untilAsserted(() -> assertThatThrownBy(() -> events.publish(EVENT))
                    .hasMessage("dial tcp " + redis.address() + ": connect: connection refused"));
            redis.restart();
            await().until(() -> server.reachable.get() == 1);
            await().untilAsserted(() -> {
                events.publish(EVENT);
                assertThat(seen).contains(EVENT);
            });
        }
    }
}
