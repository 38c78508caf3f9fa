/** What {@code bin/openkas} runs: flags, and the start and end of a server process (chapter 05 §2). */
@org.jspecify.annotations.NullMarked
package org.openkas.cli;
