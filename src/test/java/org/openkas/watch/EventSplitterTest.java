package org.openkas.watch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EventSplitterTest {
    private static final List<String> OBJECTS = List.of("{}", "{\"a\":\"}{\\\"\\\\\"}", "{\"a\":[{\"b\":{}},[1]]}", "{\"ü\":\n1}");

    private final Budget budget = new Budget(WatchSession.MOST_BYTES);
    private final EventSplitter splitter = new EventSplitter(budget);
    private final List<String> seen = new ArrayList<>();

    private void next(ByteString part) throws EventSplitter.UnusableBody {
        splitter.next(part, json -> seen.add(new String(json, StandardCharsets.UTF_8)));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 1000})
    void objectsAreWholeHoweverTheyCome(int step) throws Exception {
        ByteString body = ByteString.copyFromUtf8(String.join("\n", OBJECTS) + "\r\n \t" + String.join("", OBJECTS));
        for (int at = 0; at < body.size(); at += step) {
            next(body.substring(at, Math.min(body.size(), at + step)));
        }
        List<String> twice = new ArrayList<>(OBJECTS);
        twice.addAll(OBJECTS);
        assertThat(seen).isEqualTo(twice);
        assertThat(budget.used()).isZero();
    }

    @Test
    void nothingIsTakenAfterWhoeverTakesHasEnough() throws Exception {
        splitter.next(ByteString.copyFromUtf8("{}{}{}"), json -> !seen.add("one") || seen.size() < 2);
        assertThat(seen).hasSize(2);
    }

    @Test
    void whatIsNoObjectIsRefused() {
        assertThatThrownBy(() -> next(ByteString.copyFromUtf8("<html>"))).isInstanceOf(EventSplitter.UnusableBody.class);
    }

    @Test
    void anObjectMayBeSoLargeAndNotLarger() throws Exception {
        ByteString part = ByteString.copyFromUtf8("a".repeat(1 << 20));
        next(ByteString.copyFromUtf8("{\""));
        next(part);
        next(part);
        next(part);
        assertThatThrownBy(() -> next(part)).isInstanceOf(EventSplitter.UnusableBody.class);
        splitter.reset();
        assertThat(budget.used()).isZero();
        next(ByteString.copyFromUtf8("{}"));
        assertThat(seen).containsExactly("{}");
    }

    @Test
    void whatWatchesKeepTogetherIsBounded() throws Exception {
        Budget small = new Budget(10);
        EventSplitter one = new EventSplitter(small);
        EventSplitter other = new EventSplitter(small);
        one.next(ByteString.copyFromUtf8("{\"1234"), json -> true);
        assertThatThrownBy(() -> other.next(ByteString.copyFromUtf8("{\"1234"), json -> true))
                .isInstanceOf(EventSplitter.UnusableBody.class);
        one.reset();
        other.reset();
        other.next(ByteString.copyFromUtf8("{\"1234"), json -> true);
        assertThat(small.used()).isEqualTo(6);
    }
}
