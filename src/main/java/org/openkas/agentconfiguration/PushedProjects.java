package org.openkas.agentconfiguration;

import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.openkas.cluster.GitPushEvents;
import org.openkas.proto.event.GitPushEvent;

/** Streams by the full path of their configuration project, so that a push wakes those that it concerns. Thread-safe. */
final class PushedProjects implements GitPushEvents.Listener {
    private final Map<String, Set<ConfigurationStream>> streams = new ConcurrentHashMap<>();

    void add(String path, ConfigurationStream stream) {
        streams.compute(path, (_, known) -> {
            Set<ConfigurationStream> all = known == null ? ConcurrentHashMap.newKeySet() : known;
            all.add(stream);
            return all;
        });
    }

    void remove(String path, ConfigurationStream stream) {
        streams.computeIfPresent(path, (_, known) -> {
            known.remove(stream);
            return known.isEmpty() ? null : known;
        });
    }

    /** Paths are compared letter by letter (chapter 01 §4.4). */
    @Override
    public void pushed(GitPushEvent event) {
        Set<WatchedRef.Target> poked = new HashSet<>();
        streams.getOrDefault(event.getProject().getFullPath(), Set.of()).forEach(stream -> stream.pushed(poked));
    }
}
