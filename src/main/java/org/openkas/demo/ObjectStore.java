package org.openkas.demo;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.random.RandomGenerator;
import org.openkas.common.Timers;

/**
 * The objects of the demo cluster and their latest changes. Every change gives the next resource version. Objects are
 * copied on the way in and never changed afterwards: whoever reads one must not change it. Thread-safe; bounded.
 */
final class ObjectStore {
    private static final int MOST_OBJECTS = 5000;
    private static final int CHANGES_KEPT = 2000;

    private final Timers timers;
    private final RandomGenerator random;
    private final TreeMap<Key, ObjectNode> objects = new TreeMap<>();
    private final Deque<Change> changes = new ArrayDeque<>();
    private long version = 1000;
    private boolean closed;

    private record Key(String kind, String namespace, String name) implements Comparable<Key> {
        @Override
        public int compareTo(Key other) {
            int byKind = kind.compareTo(other.kind);
            int byNamespace = byKind == 0 ? namespace.compareTo(other.namespace) : byKind;
            return byNamespace == 0 ? name.compareTo(other.name) : byNamespace;
        }
    }

    /** What a list shows: the objects and the version at which they looked so. */
    record Snapshot(long version, List<ObjectNode> objects) {
    }

    /**
     * Something that happened to an object.
     *
     * @param before how it looked before; empty if it is new
     * @param after how it looks now; empty if it is gone
     */
    record Change(long version, Kind kind, Optional<ObjectNode> before, Optional<ObjectNode> after) {
    }

    ObjectStore(Timers timers, RandomGenerator random) {
        this.timers = timers;
        this.random = random;
    }

    /** The objects of a kind in one namespace, or in all if that is empty, in order of their names. */
    synchronized Snapshot list(Kind kind, String namespace) {
        List<ObjectNode> found = new ArrayList<>();
        objects.forEach((key, object) -> {
            if (key.kind().equals(kind.qualified()) && (namespace.isEmpty() || key.namespace().equals(namespace))) {
                found.add(object);
            }
        });
        return new Snapshot(version, found);
    }

    /** An object, if it is there. */
    synchronized Optional<ObjectNode> find(Kind kind, String namespace, String name) {
        return Optional.ofNullable(objects.get(new Key(kind.qualified(), namespace, name)));
    }

    /** An object. */
    ObjectNode get(Kind kind, String namespace, String name) throws ApiFailure {
        return find(kind, namespace, name).orElseThrow(() -> ApiFailure.noObject(kind, name));
    }

    /** Takes a new object in; a dry run only says how it would look. */
    synchronized ObjectNode create(Kind kind, String namespace, ObjectNode given, boolean dryRun) throws ApiFailure {
        ObjectNode object = given.deepCopy();
        ObjectNode metadata = object.withObjectProperty("metadata");
        if (!metadata.hasNonNull("name") && metadata.hasNonNull("generateName")) {
            metadata.put("name", Json.text(metadata, "generateName") + suffix());
        }
        String name = Json.text(metadata, "name");
        if (!name.matches("[a-z0-9]([-a-z0-9.:]{0,250}[a-z0-9])?")) {
            throw ApiFailure.invalid(kind, name, "metadata.name: must consist of lower case letters, digits, '-' and '.'");
        }
        Key key = new Key(kind.qualified(), namespace, name);
        if (objects.containsKey(key)) {
            throw ApiFailure.exists(kind, name);
        }
        if (kind.namespaced() && !objects.containsKey(new Key(Kind.NAMESPACE.qualified(), "", namespace))) {
            throw ApiFailure.noObject(Kind.NAMESPACE, namespace);
        }
        if (objects.size() >= MOST_OBJECTS) {
            throw new ApiFailure(507, "InsufficientStorage", "the demo cluster holds at most " + MOST_OBJECTS + " objects");
        }
        object.put("kind", kind.name()).put("apiVersion", kind.apiVersion());
        if (kind.namespaced()) {
            metadata.put("namespace", namespace);
        }
        metadata.put("uid", new UUID(random.nextLong(), random.nextLong()).toString()).put("creationTimestamp",
                timers.now().truncatedTo(ChronoUnit.SECONDS).toString()).put("generation", 1);
        metadata.remove(List.of("managedFields", "deletionTimestamp", "deletionGracePeriodSeconds"));
        return dryRun ? object : store(key, kind, Optional.empty(), object);
    }

    /**
     * Puts an object in the place of the one that is there.
     *
     * @throws ApiFailure if there is none, or the given one names another resource version
     */
    synchronized ObjectNode update(Kind kind, String namespace, String name, ObjectNode given, boolean dryRun) throws ApiFailure {
        ObjectNode present = get(kind, namespace, name);
        ObjectNode object = given.deepCopy();
        ObjectNode metadata = object.withObjectProperty("metadata");
        String expected = Json.text(metadata, "resourceVersion");
        if (!expected.isEmpty() && !expected.equals(Json.text(present, "metadata", "resourceVersion"))) {
            throw ApiFailure.conflict(kind, name);
        }
        object.put("kind", kind.name()).put("apiVersion", kind.apiVersion());
        metadata.setAll(((ObjectNode) present.path("metadata").deepCopy()).retain("name", "namespace", "uid", "creationTimestamp",
                "resourceVersion", "generation"));
        metadata.remove("managedFields");
        if (object.equals(present)) {
            return present;
        }
        if (!object.path("spec").equals(present.path("spec"))) {
            metadata.put("generation", metadata.path("generation").asLong() + 1);
        }
        return dryRun ? object : store(new Key(kind.qualified(), namespace, name), kind, Optional.of(present), object);
    }

    /** Takes an object out; whether it was there. */
    synchronized boolean remove(Kind kind, String namespace, String name) {
        ObjectNode present = objects.remove(new Key(kind.qualified(), namespace, name));
        if (present == null) {
            return false;
        }
        ObjectNode last = present.deepCopy();
        last.withObjectProperty("metadata").put("resourceVersion", Long.toString(++version));
        happened(new Change(version, kind, Optional.of(last), Optional.empty()));
        return true;
    }

    /**
     * Changes that came after a version, of all kinds; waits for one if there is none.
     *
     * @return empty after {@code limit}, or after the store was closed
     * @throws ApiFailure if they are no longer known
     */
    synchronized List<Change> changesAfter(long seen, Duration limit) throws ApiFailure, InterruptedException {
        long end = System.nanoTime() + limit.toNanos();
        while (version <= seen && !closed) {
            long left = (end - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                return List.of();
            }
            wait(left);
        }
        long oldest = version - changes.size();
        if (seen < oldest) {
            throw ApiFailure.gone(oldest);
        }
        return changes.stream().filter(change -> change.version() > seen).toList();
    }

    /** A few letters and digits, as generated names end in. */
    synchronized String suffix() {
        String letters = "bcdfghjklmnpqrstvwxz2456789";
        StringBuilder suffix = new StringBuilder();
        for (int i = 0; i < 5; i++) {
            suffix.append(letters.charAt(random.nextInt(letters.length())));
        }
        return suffix.toString();
    }

    /** Lets all who wait go. */
    synchronized void close() {
        closed = true;
        notifyAll();
    }

    private ObjectNode store(Key key, Kind kind, Optional<ObjectNode> before, ObjectNode object) {
        object.withObjectProperty("metadata").put("resourceVersion", Long.toString(++version));
        objects.put(key, object);
        happened(new Change(version, kind, before, Optional.of(object)));
        return object;
    }

    private void happened(Change change) {
        changes.addLast(change);
        if (changes.size() > CHANGES_KEPT) {
            changes.removeFirst();
        }
        notifyAll();
    }
}
