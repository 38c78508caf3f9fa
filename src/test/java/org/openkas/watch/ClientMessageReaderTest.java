package org.openkas.watch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ClientMessageReaderTest {

    private static WatchTarget target(String parameters) {
        ClientMessage message = ClientMessageReader.read("{\"type\":\"watch\",\"watch_id\":\"a\",\"watch_params\":" + parameters + "}");
        assertThat(message).isInstanceOf(ClientMessage.Watch.class);
        return ((ClientMessage.Watch) message).target();
    }

    @Test
    void bothSpellingsOfNames() {
        WatchTarget snake = target("""
                {"group":"apps","version":"v1","resource":"deployments","namespace":"n","label_selector":"a=b","field_selector":"c=d",
                "resource_version":"7"}""");
        ClientMessage camel = ClientMessageReader.read("""
                {"type":"watch","watchId":"a","watchParams":{"group":"apps","version":"v1","resource":"deployments","namespace":"n",
                "labelSelector":"a=b","fieldSelector":"c=d","resourceVersion":"7"}}""");
        assertThat(camel).isEqualTo(new ClientMessage.Watch("a", snake));
        assertThat(snake.path()).isEqualTo("/apis/apps/v1/namespaces/n/deployments");
        assertThat(snake.query("9")).isEqualTo(Map.of("watch", List.of("true"), "allowWatchBookmarks", List.of("true"), "labelSelector",
                List.of("a=b"), "fieldSelector", List.of("c=d"), "resourceVersion", List.of("9")));
    }

    @Test
    void pathsOfTheCoreGroupAndOfAllNamespaces() {
        assertThat(target("{\"version\":\"v1\",\"resource\":\"pods\",\"namespace\":\"\"}").path()).isEqualTo("/api/v1/pods");
        assertThat(target("{\"version\":\"v1\",\"resource\":\"pods\",\"namespace\":\"n\"}").path())
                .isEqualTo("/api/v1/namespaces/n/pods");
        assertThat(target("{\"group\":\"a.example.com\",\"version\":\"v1\",\"resource\":\"things\",\"namespace\":null}").path())
                .isEqualTo("/apis/a.example.com/v1/things");
        assertThat(target("{\"version\":\"v1\",\"resource\":\"pods\"}").query("")).containsOnlyKeys("watch", "allowWatchBookmarks");
    }

    @ParameterizedTest
    @ValueSource(strings = {"{}", "{\"version\":\"v1\"}", "{\"resource\":\"pods\"}", "{\"version\":\"v1\",\"resource\":\"pods/log\"}",
            "{\"version\":\"v1\",\"resource\":\"..\"}", "{\"version\":\"..\",\"resource\":\"pods\"}",
            "{\"version\":\"v1\",\"resource\":\"pods\",\"namespace\":\"../x\"}", "{\"version\":\"v1\",\"resource\":\"pods?x=1\"}",
            "{\"group\":\"a/b\",\"version\":\"v1\",\"resource\":\"pods\"}", "{\"version\":1,\"resource\":\"pods\"}", "[]", "\"x\"", "null"})
    void whatCannotBeWatchedIsAnErrorOfThatWatch(String parameters) {
        assertThat(ClientMessageReader.read("{\"type\":\"watch\",\"watch_id\":\"a\",\"watch_params\":" + parameters + "}"))
                .isInstanceOfSatisfying(ClientMessage.Unusable.class, error -> assertThat(error.id()).isEqualTo("a"));
    }

    @Test
    void bothNamesOfTheEndOfAWatch() {
        assertThat(ClientMessageReader.read("{\"type\":\"unwatch\",\"watch_id\":\"a\"}")).isEqualTo(new ClientMessage.Unwatch("a"));
        assertThat(ClientMessageReader.read("{\"type\":\"stop\",\"watchId\":\"a\"}")).isEqualTo(new ClientMessage.Unwatch("a"));
        assertThat(ClientMessageReader.read("{\"type\":\"else\",\"watchId\":\"a\"}")).isInstanceOf(ClientMessage.Unusable.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "x", "[]", "{\"type\":\"watch\"}", "{\"type\":\"watch\",\"watch_id\":\"\"}",
            "{\"type\":\"watch\",\"watch_id\":1}", "{\"type\":\"unwatch\",\"watch_id\":\"a\"} {}", "null", "{\"watch_id\":\"a\""})
    void anotherProtocol(String text) {
        assertThat(ClientMessageReader.read(text)).isInstanceOf(ClientMessage.Foreign.class);
    }
}
