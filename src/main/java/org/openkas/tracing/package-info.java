/**
 * What the house knows of traces (chapter 05 §14): ports to begin spans and to say what happens in them, the W3C headers, and
 * which span the current thread works in. On the ground floor, because listeners, clients and features all take part in one
 * trace and must not know each other for it; without an SDK, which only the room {@code telemetry} knows, so that a server
 * whose tracing is off loads nothing of it.
 */
@org.jspecify.annotations.NullMarked
package org.openkas.tracing;
