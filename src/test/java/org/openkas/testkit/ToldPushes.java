package org.openkas.testkit;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.openkas.cluster.GitPushEvents;
import org.openkas.proto.event.GitPushEvent;
import org.openkas.proto.event.Project;

/** Pushes that a test tells of. */
public final class ToldPushes implements GitPushEvents {
    public final List<Listener> listeners = new CopyOnWriteArrayList<>();

    @Override
    public void publish(GitPushEvent event) {
        listeners.forEach(listener -> listener.pushed(event));
    }

    @Override
    public Subscription subscribe(Listener listener) {
        listeners.add(listener);
        return () -> listeners.remove(listener);
    }

    /** Somebody pushed to this project. */
    public void push(String path) {
        push(7, path);
    }

    /** Somebody pushed to the project of this id. */
    public void push(long id, String path) {
        publish(GitPushEvent.newBuilder().setProject(Project.newBuilder().setId(id).setFullPath(path)).build());
    }
}
