package org.openkas.flux;

import java.util.Set;
import org.openkas.cluster.GitPushEvents;
import org.openkas.common.Groups;
import org.openkas.proto.event.GitPushEvent;

/** Streams by the full paths of the projects that they watch. Thread-safe. */
final class WatchedProjects implements GitPushEvents.Listener {
    private final Groups<String, ReconcileStream> streams = new Groups<>();

    void add(Set<String> paths, ReconcileStream stream) {
        paths.forEach(path -> streams.add(path, stream));
    }

    void remove(Set<String> paths, ReconcileStream stream) {
        paths.forEach(path -> streams.remove(path, stream));
    }

    /** Paths are compared letter by letter (chapter 01 §4.4). */
    @Override
    public void pushed(GitPushEvent event) {
        streams.of(event.getProject().getFullPath()).forEach(stream -> stream.offer(event.getProject()));
    }

    /** How many projects are watched. */
    int size() {
        return streams.size();
    }
}
