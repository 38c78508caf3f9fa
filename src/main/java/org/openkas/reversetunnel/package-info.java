/** Streams that agents open so that the server can call them: state machine, registry, forwarding (chapter 04 §2). */
@org.jspecify.annotations.NullMarked
package org.openkas.reversetunnel;
