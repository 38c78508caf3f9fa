package org.openkas.watch;

/** What a client says (chapter 07 §8.3). Immutable. */
sealed interface ClientMessage {

    /** Begin to watch; what is seen is told under this id. */
    record Watch(String id, WatchTarget target) implements ClientMessage {
    }

    /** End the watch with this id. */
    record Unwatch(String id) implements ClientMessage {
    }

    /** Something that can be answered with an error for this id. */
    record Unusable(String id, String reason) implements ClientMessage {
    }

    /** Something that nobody can make sense of: the client speaks another protocol. */
    record Foreign(String reason) implements ClientMessage {
    }
}
