/** Finds the tunnel for a call to an agent: on this server first, then through another one (chapter 04 §5). */
@org.jspecify.annotations.NullMarked
package org.openkas.routing;
