package org.openkas.watch;

import java.time.Duration;

/** Something that happens later on the thread of a connection, unless it is called off. */
public interface Alarm {

    /** Instead of whatever was planned before. */
    void arm(Duration delay, Runnable action);

    /** Calls it off. */
    void disarm();
}
