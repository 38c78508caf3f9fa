/** Many watches of a cluster on one WebSocket, as GitLab's pages use them (chapter 07 §8.3). */
@org.jspecify.annotations.NullMarked
package org.openkas.watch;
