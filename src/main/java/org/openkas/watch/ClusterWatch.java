package org.openkas.watch;

import com.google.protobuf.ByteString;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Optional;
import org.openkas.common.Backoff;

/**
 * One watch of a client (chapter 07 §8.3): a request to the cluster, and another one from where the last one ended, for as long
 * as the client wants. The client gets each object as {@code ADDED} once, however often the cluster begins anew. Asks the
 * cluster for the next part only when the client takes it. Used by one thread.
 */
final class ClusterWatch implements Cluster.Events {
    private static final int OK = 200;
    private static final int LARGEST_REFUSAL = 64 << 10;
    /** The longest uid of an object that is taken for one; Kubernetes' have 36 characters. */
    private static final int LONGEST_UID = 128;

    private final String id;
    private final WatchTarget target;
    private final Cluster cluster;
    private final WatchClient client;
    private final Alarm alarm;
    private final Backoff backoff;
    private final Runnable ended;
    private final EventSplitter splitter;
    private final KnownObjects known;
    private final ByteArrayOutputStream refusal = new ByteArrayOutputStream(0);

    private Optional<Cluster.Request> request = Optional.empty();
    private int status;
    private boolean waiting;
    private boolean over;
    /** The version up to which everything is known; empty for none. */
    private String reached;
    /** Whether events come in the order of their versions: not before all that was there is told. */
    private boolean ordered;
    private boolean tellingAgain;

    /** What all watches of a connection keep together. */
    record Room(Budget bytes, Budget objects) {
    }

    /** @param ended told when it has ended by itself, after the client was told why */
    ClusterWatch(String id, WatchTarget target, Cluster cluster, WatchClient client, Room room, Alarm alarm, Backoff backoff,
            Runnable ended) {
        this.id = id;
        this.target = target;
        this.cluster = cluster;
        this.client = client;
        this.alarm = alarm;
        this.backoff = backoff;
        this.ended = ended;
        splitter = new EventSplitter(room.bytes());
        known = new KnownObjects(room.objects());
        reached = target.resourceVersion();
        // a version of 0 means any
        ordered = !reached.isEmpty() && !reached.equals("0");
    }

    /** Asks the cluster. */
    void begin() {
        status = 0;
        try {
            request = Optional.of(cluster.get(target.path(), target.query(reached), this));
        } catch (RuntimeException e) {
            fail("the request to the cluster could not be made: " + e.getMessage());
            return;
        }
        more();
    }

    /** The client takes more. */
    void writable() {
        if (waiting) {
            waiting = false;
            more();
        }
    }

    private void more() {
        if (client.takesMore()) {
            request.ifPresent(Cluster.Request::more);
        } else {
            waiting = true;
        }
    }

    /** The client does not want it any more. */
    void stop() {
        over = true;
        alarm.disarm();
        request.ifPresent(Cluster.Request::cancel);
        request = Optional.empty();
        splitter.reset();
        known.forget();
    }

    private void fail(byte[] message) {
        client.send(message);
        stop();
        ended.run();
    }

    private void fail(String message) {
        fail(ServerMessages.error(id, message));
    }

    // what the cluster says

    @Override
    public void status(int code) {
        status = code;
        more();
    }

    @Override
    public void body(ByteString part) {
        if (status != OK) {
            if (refusal.size() + part.size() > LARGEST_REFUSAL) {
                refused();
                return;
            }
            refusal.writeBytes(part.toByteArray());
        } else {
            try {
                splitter.next(part, this::event);
            } catch (EventSplitter.UnusableBody e) {
                fail(String.valueOf(e.getMessage()));
            }
        }
        if (!over) {
            more();
        }
    }

    /** Whether to go on. */
    private boolean event(byte[] json) {
        WatchEvent event;
        try {
            event = WatchEvent.parse(json);
        } catch (IOException e) {
            fail("the cluster sent something that is no event of a watch");
            return false;
        }
        switch (event.type()) {
            case "ADDED" -> added(event);
            case "MODIFIED" -> {
                inOrder();
                tell(event.type(), event);
            }
            case "DELETED" -> {
                inOrder();
                known.deleted(event.uid());
                tell(event.type(), event);
            }
            case "BOOKMARK" -> inOrder();
            case "ERROR" -> fail(ServerMessages.error(id, event.message(), event.object()));
            default -> {
                // the client would take it for a failure
            }
        }
        if (!over) {
            reached = ordered && !event.resourceVersion().isEmpty()
                    ? event.resourceVersion()
                    : ResourceVersions.later(reached, event.resourceVersion());
        }
        return !over;
    }

    private void added(WatchEvent event) {
        if (event.uid().isEmpty() || event.uid().length() > LONGEST_UID) {
            tell(event.type(), event);
            return;
        }
        switch (known.announced(event.uid())) {
            case NEW -> tell(event.type(), event);
            case KNOWN -> tell("MODIFIED", event);
            case TOO_MANY -> fail("the watches of this connection see more than " + WatchSession.MOST_OBJECTS
                    + " objects: watch fewer namespaces, or with a selector");
        }
    }

    private void tell(String type, WatchEvent event) {
        client.send(ServerMessages.event(id, type, event.object()));
    }

    /** What comes now is later than all that was there. */
    private void inOrder() {
        ordered = true;
        if (tellingAgain) {
            tellingAgain = false;
            known.toldAll().forEach(uid -> client.send(ServerMessages.deleted(id, uid)));
        }
    }

    @Override
    public void complete() {
        if (status == OK) {
            again(true);
        } else {
            refused();
        }
    }

    @Override
    public void failed(String reason) {
        if (status == OK) {
            again(ordered);
        } else {
            fail(reason);
        }
    }

    private void refused() {
        byte[] body = refusal.toByteArray();
        Optional<String> message = StatusBody.message(body);
        fail(message.map(text -> ServerMessages.error(id, text, ByteString.copyFrom(body)))
                .orElseGet(() -> ServerMessages.error(id, "the cluster answered with status " + status)));
    }

    /**
     * The request has ended, the watch has not.
     *
     * @param toldAll whether everything that was there has been told: otherwise what is missing is known by beginning anew only
     */
    private void again(boolean toldAll) {
        request = Optional.empty();
        waiting = false;
        splitter.reset();
        if (toldAll && !reached.isEmpty()) {
            inOrder();
        } else {
            known.tellAgain();
            tellingAgain = true;
            ordered = false;
            reached = target.resourceVersion();
        }
        alarm.arm(backoff.next(), this::begin);
    }
}
