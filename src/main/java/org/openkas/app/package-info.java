/** Wires the rooms together: start and stop of the server, and where its settings come from. */
@org.jspecify.annotations.NullMarked
package org.openkas.app;
