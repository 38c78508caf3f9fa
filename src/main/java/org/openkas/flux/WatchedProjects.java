package org.openkas.flux;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.openkas.cluster.GitPushEvents;
import org.openkas.proto.event.GitPushEvent;

/** Streams by the full paths of the projects that they watch. Thread-safe. */
final class WatchedProjects implements GitPushEvents.Listener {
    private final Map<String, Set<ReconcileStream>> streams = new ConcurrentHashMap<>();

    void add(Set<String> paths, ReconcileStream stream) {
        for (String path : paths) {
            streams.compute(path, (_, known) -> {
                Set<ReconcileStream> all = known == null ? ConcurrentHashMap.newKeySet() : known;
                all.add(stream);
                return all;
            });
        }
    }

    void remove(Set<String> paths, ReconcileStream stream) {
        for (String path : paths) {
            streams.computeIfPresent(path, (_, known) -> {
                known.remove(stream);
                return known.isEmpty() ? null : known;
            });
        }
    }

    /** Paths are compared letter by letter (chapter 01 §4.4). */
    @Override
    public void pushed(GitPushEvent event) {
        streams.getOrDefault(event.getProject().getFullPath(), Set.of()).forEach(stream -> stream.offer(event.getProject()));
    }

    /** How many projects are watched. */
    int size() {
        return streams.size();
    }
}
