package org.openkas.watch;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What a client wants to watch (chapter 07 §8.3): a kind of object in one namespace or in all. Immutable.
 *
 * @param group empty for the core group
 * @param resource the plural, such as {@code pods}
 * @param namespace empty for all
 * @param labelSelector empty for any labels
 * @param fieldSelector empty for any fields
 * @param resourceVersion from when on; empty for what is there now and everything after it
 */
record WatchTarget(String group, String version, String resource, String namespace, String labelSelector, String fieldSelector,
        String resourceVersion) {
    /** A name becomes one segment of a path and nothing else. */
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9]([-_.A-Za-z0-9]{0,251}[A-Za-z0-9])?");

    /** What is wrong with it; empty if nothing is. */
    Optional<String> problem() {
        if (!NAME.matcher(version).matches()) {
            return Optional.of("watch_params.version is missing or not a name");
        }
        if (!NAME.matcher(resource).matches()) {
            return Optional.of("watch_params.resource is missing or not a name");
        }
        if (!group.isEmpty() && !NAME.matcher(group).matches()) {
            return Optional.of("watch_params.group is not a name");
        }
        if (!namespace.isEmpty() && !NAME.matcher(namespace).matches()) {
            return Optional.of("watch_params.namespace is not a name");
        }
        return Optional.empty();
    }

    /** Path in the cluster's API. */
    String path() {
        String api = group.isEmpty() ? "/api/" + version : "/apis/" + group + "/" + version;
        return api + (namespace.isEmpty() ? "" : "/namespaces/" + namespace) + "/" + resource;
    }

    /** Parameters of the request for everything after {@code from}; empty for what is there now as well. */
    Map<String, List<String>> query(String from) {
        Map<String, List<String>> query = new LinkedHashMap<>();
        query.put("watch", List.of("true"));
        // they tell how far the watch has come where nothing changes
        query.put("allowWatchBookmarks", List.of("true"));
        put(query, "labelSelector", labelSelector);
        put(query, "fieldSelector", fieldSelector);
        put(query, "resourceVersion", from);
        return query;
    }

    private static void put(Map<String, List<String>> query, String name, String value) {
        if (!value.isEmpty()) {
            query.put(name, List.of(value));
        }
    }
}
