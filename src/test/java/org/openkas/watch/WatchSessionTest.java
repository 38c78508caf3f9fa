package org.openkas.watch;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.openkas.common.Timers;
import org.openkas.testkit.FakeTimers;
import org.openkas.websocket.CloseReason;

class WatchSessionTest {
    private final FakeTimers timers = new FakeTimers();
    private final List<String> sent = new ArrayList<>();
    private final List<CloseReason> ends = new ArrayList<>();
    private final List<FakeRequest> requests = new ArrayList<>();
    private final List<String> begun = new ArrayList<>();
    private boolean takesMore = true;
    private final WatchSession session = new WatchSession(new Client(), new FakeCluster(), OneAlarm::new, timers, new Random(1),
            () -> begun.add("one"));

    private final class Client implements WatchClient {
        @Override
        public void send(byte[] text) {
            sent.add(new String(text, StandardCharsets.UTF_8));
        }

        @Override
        public boolean takesMore() {
            return takesMore;
        }

        @Override
        public void end(CloseReason reason) {
            ends.add(reason);
        }
    }

    private final class OneAlarm implements Alarm {
        private Timers.@Nullable Cancellable planned;

        @Override
        public void arm(Duration delay, Runnable action) {
            disarm();
            planned = timers.after(delay, action);
        }

        @Override
        public void disarm() {
            if (planned != null) {
                planned.cancel();
            }
        }
    }

    private final class FakeCluster implements Cluster {
        @Override
        public Cluster.Request get(String path, Map<String, List<String>> query, Events events) {
            FakeRequest request = new FakeRequest(path, query, events);
            requests.add(request);
            return request;
        }
    }

    private static final class FakeRequest implements Cluster.Request {
        private final String path;
        private final Map<String, List<String>> query;
        private final Cluster.Events events;
        private int asked;
        private boolean cancelled;

        FakeRequest(String path, Map<String, List<String>> query, Cluster.Events events) {
            this.path = path;
            this.query = query;
            this.events = events;
        }

        @Override
        public void more() {
            asked++;
        }

        @Override
        public void cancel() {
            cancelled = true;
        }

        private FakeRequest says(String... events) {
            this.events.body(ByteString.copyFromUtf8(String.join("\n", events) + "\n"));
            return this;
        }

        private String from() {
            return query.getOrDefault("resourceVersion", List.of("")).getFirst();
        }
    }

    private static String watchOf(String id) {
        return "{\"type\":\"watch\",\"watch_id\":\"" + id
                + "\",\"watch_params\":{\"version\":\"v1\",\"resource\":\"pods\",\"namespace\":\"n\"}}";
    }

    private FakeRequest watch(String id) {
        session.message(watchOf(id));
        FakeRequest request = requests.getLast();
        request.events.status(200);
        return request;
    }

    private FakeRequest next() {
        int before = requests.size();
        timers.advance(Duration.ofSeconds(1));
        assertThat(requests).as("begun again").hasSize(before + 1);
        requests.getLast().events.status(200);
        return requests.getLast();
    }

    private static String object(String uid, int version) {
        return "{\"metadata\":{\"name\":\"x\",\"uid\":\"" + uid + "\",\"resourceVersion\":\"" + version + "\"}}";
    }

    private static String event(String type, String uid, int version) {
        return "{\"type\":\"" + type + "\",\"object\":" + object(uid, version) + "}";
    }

    private static String told(String id, String type, String uid, int version) {
        return "{\"type\":\"event\",\"watchId\":\"" + id + "\",\"watchEvent\":" + event(type, uid, version) + "}";
    }

    @Test
    @DisplayName("NR-041 events of two watches carry their ids; what exists comes first, as ADDED")
    void twoWatches() {
        FakeRequest one = watch("a");
        FakeRequest other = watch("b \\\"quoted\\\"");
        assertThat(one.path).isEqualTo("/api/v1/namespaces/n/pods");
        assertThat(one.query).containsEntry("watch", List.of("true"));
        one.says(event("ADDED", "u1", 1), event("MODIFIED", "u1", 3));
        other.says(event("ADDED", "u1", 1), event("DELETED", "u1", 4));
        assertThat(sent).containsExactly(told("a", "ADDED", "u1", 1), told("a", "MODIFIED", "u1", 3),
                told("b \\\"quoted\\\"", "ADDED", "u1", 1), told("b \\\"quoted\\\"", "DELETED", "u1", 4));
        assertThat(begun).hasSize(2);
    }

    @Test
    @DisplayName("NR-042 a watch that ended goes on from the largest version, and counts once")
    void resumed() {
        watch("a").says(event("ADDED", "u2", 9), event("ADDED", "u1", 5)).events.complete();
        FakeRequest second = next();
        assertThat(second.from()).isEqualTo("9");
        second.says(event("MODIFIED", "u1", 10), event("BOOKMARK", "", 20)).events.complete();
        FakeRequest third = next();
        assertThat(third.from()).isEqualTo("20");
        assertThat(sent).containsExactly(told("a", "ADDED", "u2", 9), told("a", "ADDED", "u1", 5), told("a", "MODIFIED", "u1", 10));
        assertThat(begun).hasSize(1);
    }

    @Test
    @DisplayName("NR-042 an object that the cluster announces again is ADDED once")
    void announcedAgain() {
        watch("a").says(event("ADDED", "u1", 5)).events.complete();
        next().says(event("ADDED", "u1", 5), event("ADDED", "u2", 6), event("DELETED", "u1", 7), event("ADDED", "u1", 8));
        assertThat(sent).containsExactly(told("a", "ADDED", "u1", 5), told("a", "MODIFIED", "u1", 5), told("a", "ADDED", "u2", 6),
                told("a", "DELETED", "u1", 7), told("a", "ADDED", "u1", 8));
    }

    @Test
    @DisplayName("NR-042 a watch that breaks off before all is told begins anew; what is gone meanwhile is DELETED")
    void brokenOff() {
        FakeRequest first = watch("a").says(event("ADDED", "u1", 9), event("ADDED", "u2", 3));
        first.says("{\"type\":\"ADD");
        first.events.failed("the agent left");
        FakeRequest second = next();
        assertThat(second.from()).as("u3 may be older than u1").isEmpty();
        second.says(event("ADDED", "u3", 4), event("ADDED", "u2", 3), event("BOOKMARK", "", 12));
        assertThat(sent).containsExactly(told("a", "ADDED", "u1", 9), told("a", "ADDED", "u2", 3), told("a", "ADDED", "u3", 4),
                told("a", "MODIFIED", "u2", 3),
                "{\"type\":\"event\",\"watchId\":\"a\",\"watchEvent\":{\"type\":\"DELETED\",\"object\":{\"metadata\":{\"uid\":\"u1\"}}}}");
        second.events.failed("the agent left");
        assertThat(next().from()).as("from here on all is in order").isEqualTo("12");
    }

    @Test
    @DisplayName("a watch that ends at once is begun again more and more slowly")
    void backoff() {
        watch("a");
        for (int i = 0; i < 5; i++) {
            requests.getLast().events.complete();
            timers.advance(Duration.ofMinutes(1));
            requests.getLast().events.status(200);
        }
        int before = requests.size();
        for (int i = 0; i < 60; i++) {
            if (requests.size() > before) {
                before = requests.size();
                requests.getLast().events.status(200);
                requests.getLast().events.complete();
            }
            timers.advance(Duration.ofSeconds(1));
        }
        assertThat(requests.size()).isLessThan(12);
    }

    @Test
    @DisplayName("NR-043 BOOKMARK is not forwarded, ERROR becomes an error with the status, and ends the watch")
    void errors() {
        FakeRequest request = watch("a");
        String status = "{\"kind\":\"Status\",\"code\":410,\"message\":\"too old\",\"metadata\":{}}";
        request.says(event("BOOKMARK", "", 7), "{\"object\":" + status + ",\"type\":\"ERROR\"}", event("ADDED", "u1", 8));
        assertThat(sent)
                .containsExactly("{\"type\":\"error\",\"watchId\":\"a\",\"error\":{\"message\":\"too old\",\"object\":" + status + "}}");
        assertThat(request.cancelled).isTrue();
        timers.advance(Duration.ofHours(1));
        assertThat(requests).hasSize(1);
        watch("a");
        assertThat(requests).as("the id is free").hasSize(2);
    }

    @Test
    @DisplayName("NR-044 a refusal of the cluster is an error of that watch; the others go on")
    void refused() {
        FakeRequest good = watch("good");
        session.message(watchOf("bad"));
        FakeRequest bad = requests.getLast();
        String status = "{\"kind\":\"Status\",\"message\":\"pods is forbidden\",\"code\":403}";
        bad.events.status(403);
        bad.says(status);
        bad.events.complete();
        session.message(watchOf("page"));
        requests.getLast().events.status(502);
        requests.getLast().says("<html>");
        requests.getLast().events.complete();
        session.message(watchOf("gone"));
        requests.getLast().events.failed("no agent");
        good.says(event("ADDED", "u1", 1));
        assertThat(sent).containsExactly(
                "{\"type\":\"error\",\"watchId\":\"bad\",\"error\":{\"message\":\"pods is forbidden\",\"object\":" + status + "\n}}",
                "{\"type\":\"error\",\"watchId\":\"page\",\"error\":{\"message\":\"the cluster answered with status 502\"}}",
                "{\"type\":\"error\",\"watchId\":\"gone\",\"error\":{\"message\":\"no agent\"}}", told("good", "ADDED", "u1", 1));
        timers.advance(Duration.ofHours(1));
        assertThat(requests).hasSize(4);
    }

    @Test
    @DisplayName("a refusal without end is not collected")
    void endlessRefusal() {
        session.message(watchOf("a"));
        FakeRequest request = requests.getLast();
        request.events.status(500);
        for (int i = 0; i < 3 && !request.cancelled; i++) {
            request.says("x".repeat(30 << 10));
        }
        assertThat(request.cancelled).isTrue();
        assertThat(sent).hasSize(1);
    }

    @Test
    @DisplayName("nothing is asked of the cluster while the client does not read")
    void backPressure() {
        FakeRequest request = watch("a");
        assertThat(request.asked).isEqualTo(2);
        takesMore = false;
        request.says(event("ADDED", "u1", 1));
        assertThat(request.asked).isEqualTo(2);
        session.writable();
        assertThat(request.asked).as("still not").isEqualTo(2);
        takesMore = true;
        session.writable();
        session.writable();
        assertThat(request.asked).isEqualTo(3);
    }

    @Test
    @DisplayName("a second watch with an id that is open is an error, and so is the 101st")
    void bounds() {
        for (int i = 0; i < WatchSession.MOST_WATCHES; i++) {
            watch("w" + i);
        }
        session.message(watchOf("w5"));
        session.message(watchOf("one more"));
        assertThat(sent).containsExactly(
                "{\"type\":\"error\",\"watchId\":\"w5\",\"error\":{\"message\":\"a watch with this watch_id is open\"}}",
                "{\"type\":\"error\",\"watchId\":\"one more\",\"error\":{\"message\":\"a connection may have 100 watches at most\"}}");
        session.message("{\"type\":\"unwatch\",\"watch_id\":\"w5\"}");
        assertThat(requests.get(5).cancelled).isTrue();
        assertThat(sent.getLast()).isEqualTo("{\"type\":\"stop\",\"watchId\":\"w5\"}");
        watch("one more");
        assertThat(requests).hasSize(101);
    }

    @Test
    @DisplayName("what is remembered of objects is bounded over all watches, and given back")
    void objects() {
        FakeRequest one = watch("a");
        for (int i = 0; i < WatchSession.MOST_OBJECTS - 1; i++) {
            one.says(event("ADDED", "u" + i, i));
        }
        FakeRequest other = watch("b").says(event("ADDED", "x1", 1), event("ADDED", "x2", 1));
        assertThat(sent.getLast()).startsWith("{\"type\":\"error\",\"watchId\":\"b\"").contains("more than 50000 objects");
        assertThat(other.cancelled).isTrue();
        assertThat(one.cancelled).isFalse();
        session.message("{\"type\":\"stop\",\"watch_id\":\"a\"}");
        watch("b").says(event("ADDED", "x1", 1), event("ADDED", "x2", 1));
        assertThat(sent.getLast()).isEqualTo(told("b", "ADDED", "x2", 1));
    }

    @Test
    @DisplayName("a cluster that sends something else ends that watch only")
    void nonsense() {
        watch("a").says("{\"type\":\"ADDED\"}");
        watch("b").says("<html>");
        assertThat(sent).satisfiesExactly(message -> assertThat(message).contains("\"watchId\":\"a\"", "no event of a watch"),
                message -> assertThat(message).contains("\"watchId\":\"b\"", "no watch"));
        assertThat(requests).allMatch(request -> request.cancelled);
        assertThat(ends).isEmpty();
    }

    @Test
    @DisplayName("a client that speaks another protocol is closed with 1008")
    void foreign() {
        session.message("hello");
        assertThat(ends).extracting(CloseReason::code).containsExactly(1008);
    }

    @Test
    @DisplayName("NR-045 the end of the connection cancels everything, also what waits to be begun again")
    void close() {
        watch("a");
        watch("b").events.complete();
        session.close();
        assertThat(requests.getFirst().cancelled).isTrue();
        timers.advance(Duration.ofHours(1));
        assertThat(requests).hasSize(2);
        assertThat(timers.pending()).isZero();
    }
}
